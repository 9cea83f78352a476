# SPDX-License-Identifier: Apache-2.0
# find_package(narthex) gives
#   narthex::plugin_api                     the headers
#   narthex_add_plugin(NAME SOURCE...)      a plugin file NAME.so: one exported symbol, nothing undefined;
#                                           and, where tests are on, the test check/NAME, which runs
#                                           `narthex plugin check` on it
#   NARTHEX_PROGRAM                         the program of this installation, where there is one
#   NARTHEX_CHECK_ARGUMENTS                 yours: more arguments for the checks
get_filename_component(NARTHEX_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(NARTHEX_VERSION_SCRIPT "${NARTHEX_PREFIX}/share/narthex/narthex-plugin.map")
find_program(NARTHEX_PROGRAM narthex HINTS "${NARTHEX_PREFIX}/bin")

if(NOT TARGET narthex::plugin_api)
  add_library(narthex::plugin_api INTERFACE IMPORTED)
  set_target_properties(narthex::plugin_api PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${NARTHEX_PREFIX}/include")
endif()

function(narthex_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE narthex::plugin_api)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("C" IN_LIST languages)
    target_compile_features(${name} PRIVATE c_std_99)
  endif()
  if("CXX" IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_20)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_options(${name} PRIVATE
    "-Wl,--version-script=${NARTHEX_VERSION_SCRIPT}" -Wl,-z,defs -Wl,-z,now -Wl,-z,relro)
  # A plugin that others may write to is refused: a umask of 002 would make it so.
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND chmod go-w "$<TARGET_FILE:${name}>" "$<TARGET_FILE_DIR:${name}>" VERBATIM)
  if(NARTHEX_PROGRAM AND BUILD_TESTING)
    add_test(NAME check/${name} COMMAND ${NARTHEX_PROGRAM} plugin check
      ${NARTHEX_CHECK_ARGUMENTS} "$<TARGET_FILE:${name}>")
  endif()
endfunction()

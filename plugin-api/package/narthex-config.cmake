# SPDX-License-Identifier: Apache-2.0
# find_package(narthex) gives
#   narthex::plugin_api                     the headers
#   narthex_add_plugin(NAME SOURCE...)      a plugin file NAME.so: one exported symbol, nothing undefined
get_filename_component(NARTHEX_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(NARTHEX_VERSION_SCRIPT "${NARTHEX_PREFIX}/share/narthex/narthex-plugin.map")

if(NOT TARGET narthex::plugin_api)
  add_library(narthex::plugin_api INTERFACE IMPORTED)
  set_target_properties(narthex::plugin_api PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${NARTHEX_PREFIX}/include")
endif()

function(narthex_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE narthex::plugin_api)
  target_compile_features(${name} PRIVATE c_std_99 cxx_std_20)
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_options(${name} PRIVATE
    "-Wl,--version-script=${NARTHEX_VERSION_SCRIPT}" -Wl,-z,defs -Wl,-z,now -Wl,-z,relro)
endfunction()

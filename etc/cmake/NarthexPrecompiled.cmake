# SPDX-License-Identifier: Apache-2.0
# The headers of the standard library that most files include, compiled once for rooms and plugins
# and once, with Catch2, for tests: a build from nothing takes a quarter less. A file still names
# what it includes: the preset dev builds without (NARTHEX_PCH=OFF), and so does who wants ccache to
# work across folders.
#
#   narthex_precompiled(target)        of a room or a plugin
#   narthex_precompiled(target TEST)   of a test program

set(NARTHEX_COMMON_HEADERS
  <algorithm> <array> <atomic> <bit> <charconv> <chrono> <cmath> <cstdint> <cstdio> <cstdlib>
  <cstring> <deque> <functional> <limits> <map> <memory> <mutex> <optional> <set> <span> <string>
  <string_view> <unordered_map> <utility> <vector>)

if(NARTHEX_PCH)
  # GCC takes a precompiled header only where it was made with the same code generation flags:
  # programs are compiled as such, everything else for shared libraries, and all with threads.
  target_compile_options(narthex_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-pthread>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>
    # What GCC 12 sees in std::string once its header is precompiled, and is not there.
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled/common.cpp "")
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled/tests.cpp "int main() {}\n")
  add_library(narthex_common_headers OBJECT ${CMAKE_BINARY_DIR}/precompiled/common.cpp)
  target_link_libraries(narthex_common_headers PRIVATE narthex_flags)
  target_precompile_headers(narthex_common_headers PRIVATE ${NARTHEX_COMMON_HEADERS})
  if(NARTHEX_TESTS)
    add_executable(narthex_test_headers ${CMAKE_BINARY_DIR}/precompiled/tests.cpp)
    target_link_libraries(narthex_test_headers PRIVATE narthex_flags)
    target_precompile_headers(narthex_test_headers PRIVATE ${NARTHEX_COMMON_HEADERS} <random> <catch2/catch.hpp>)
    set_target_properties(narthex_test_headers PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/precompiled)
  endif()
endif()

function(narthex_precompiled target)
  if(NOT NARTHEX_PCH)
    return()
  endif()
  if("TEST" IN_LIST ARGN)
    target_precompile_headers(${target} REUSE_FROM narthex_test_headers)
  else()
    target_precompile_headers(${target} REUSE_FROM narthex_common_headers)
  endif()
endfunction()

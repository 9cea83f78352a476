# SPDX-License-Identifier: Apache-2.0
# How everything of ours is compiled: language, warnings, hardening, sanitizers, folders.

option(NARTHEX_TESTS "Build the tests" ON)
option(NARTHEX_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(NARTHEX_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=: address,undefined or thread")

option(NARTHEX_PCH "Compile common headers once (etc/cmake/NarthexPrecompiled.cmake)" OFF)
option(NARTHEX_UNITY "Compile several files of a room at once" OFF)
set(CMAKE_UNITY_BUILD ${NARTHEX_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# The build tree has the shape of an installation, so that the agent finds its
# plugins relative to itself in both.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(NARTHEX_PLUGIN_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/narthex/plugins)

find_program(NARTHEX_CCACHE ccache)
if(NARTHEX_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${NARTHEX_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NARTHEX_CCACHE})
  if(NARTHEX_PCH)
    # What ccache asks for before it keeps what was compiled with a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${NARTHEX_CCACHE})
  endif()
endif()

# One interface target carries the flags; every room, plugin and test links it.
add_library(narthex_flags INTERFACE)
target_compile_options(narthex_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wcast-qual -Wvla -Wundef
  -fno-omit-frame-pointer
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>)
if(NARTHEX_UNITY)
  # A .cpp that is included by another file may keep its private types.
  target_compile_options(narthex_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()
target_link_options(narthex_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
# libasan has a crypt_r of its own that needs the real one, which would look unused.
if(NOT NARTHEX_SANITIZE)
  target_link_options(narthex_flags INTERFACE -Wl,--as-needed)
endif()

string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

if(NARTHEX_SANITIZE)
  target_compile_options(narthex_flags INTERFACE -fsanitize=${NARTHEX_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(narthex_flags INTERFACE -fsanitize=${NARTHEX_SANITIZE})
  # Instrumentation makes GCC 12 see uninitialised and overflowing paths that are not there.
  target_compile_options(narthex_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-tsan -Wno-restrict>)
else()
  target_compile_options(narthex_flags INTERFACE -fstack-protector-strong
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_SYSTEM_PROCESSOR}>>:-fcf-protection=full>
    $<$<CONFIG:Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
  target_compile_definitions(narthex_flags INTERFACE $<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS>)
endif()
if(NARTHEX_FUZZ)
  target_compile_options(narthex_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 trips these in its own headers when a system include is inlined.
  target_compile_options(narthex_flags INTERFACE -Wno-unused-command-line-argument)
endif()

# SPDX-License-Identifier: Apache-2.0
# Installs the plugin API, builds plugins against what was installed, with CMake and with pkg-config,
# and lets the test program load them.   cmake -DBUILD= -DSOURCE= -DWORK= -DPROGRAM= -DGENERATOR= -P run.cmake
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/project ${WORK}/pkg)
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --component plugin-api)
configure_file(${SOURCE}/project.cmake ${WORK}/project/CMakeLists.txt COPYONLY)
configure_file(${SOURCE}/outside.c ${WORK}/project/outside.c COPYONLY)
configure_file(${SOURCE}/outside.cpp ${WORK}/project/outside.cpp COPYONLY)
step(${CMAKE_COMMAND} -G ${GENERATOR} -S ${WORK}/project -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER})
step(${CMAKE_COMMAND} --build ${WORK}/build)

set(ENV{PKG_CONFIG_PATH} ${WORK}/prefix/share/pkgconfig)
step(sh -c "${C_COMPILER} -std=c99 -shared -fPIC ${WORK}/project/outside.c \
  $(pkg-config --cflags --libs narthex) -o ${WORK}/pkg/outside_c.so")

set(ENV{NARTHEX_OUTSIDE} ${WORK}/build)
step(${PROGRAM} [outside])
set(ENV{NARTHEX_OUTSIDE} ${WORK}/pkg)
set(ENV{NARTHEX_OUTSIDE_ONLY_C} 1)
step(${PROGRAM} [outside])

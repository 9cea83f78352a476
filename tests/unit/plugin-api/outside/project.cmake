# SPDX-License-Identifier: Apache-2.0
# The CMakeLists.txt of somebody who has only installed Narthex.
cmake_minimum_required(VERSION 3.20)
project(outside LANGUAGES C CXX)
find_package(narthex REQUIRED)
narthex_add_plugin(outside_c outside.c)
narthex_add_plugin(outside_cpp outside.cpp)

# SPDX-License-Identifier: Apache-2.0
# Outside libraries. Each is used by the room named beside it and by no other; etc/debian-packages
# lists the Debian packages they come from.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# Boost 1.81: Asio and DLL are headers only; JSON and URL are libraries.
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
add_library(narthex_boost INTERFACE)
target_link_libraries(narthex_boost INTERFACE Boost::headers Threads::Threads ${CMAKE_DL_LIBS})
target_compile_definitions(narthex_boost INTERFACE BOOST_DLL_USE_STD_FS BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_SEPARATE_COMPILATION)

pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)  # net (its flags change the layout of Request)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)          # net
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)       # net
find_library(CRYPT_LIBRARY crypt REQUIRED)                        # net (bcrypt)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)    # net
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)             # net
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)          # net
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)        # discovery.dns
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)   # config, host (text service)
pkg_check_modules(YAMLCPP REQUIRED IMPORTED_TARGET yaml-cpp)      # config, host (text service)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)               # relabel
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
find_package(leveldb REQUIRED)                                    # storage/partition
pkg_check_modules(SPDLOG REQUIRED IMPORTED_TARGET spdlog)         # telemetry
pkg_check_modules(SYSTEMD IMPORTED_TARGET libsystemd)             # runtime, optional
find_path(SNAPPY_INCLUDE_DIR snappy.h REQUIRED)                    # blocks, remote_write, ingest.remote_write, storage.remote, tests
find_library(SNAPPY_LIBRARY snappy REQUIRED)
find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp REQUIRED) # remote_write, remote_read, ingest.remote_write, storage.remote
find_path(CATCH_INCLUDE_DIR catch2/catch.hpp REQUIRED)             # tests
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)                  # cli

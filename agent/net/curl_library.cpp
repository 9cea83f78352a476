// SPDX-License-Identifier: Apache-2.0
#include "net/curl_library.hpp"

#include <dlfcn.h>

#include <string>

namespace narthex::net {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, CurlLibrary& curl) {
  return find(library, "curl_global_init", curl.global_init) &&
         find(library, "curl_easy_init", curl.easy_init) &&
         find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
         find(library, "curl_easy_setopt", curl.easy_setopt) &&
         find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
         find(library, "curl_easy_strerror", curl.easy_strerror) &&
         find(library, "curl_slist_append", curl.slist_append) &&
         find(library, "curl_slist_free_all", curl.slist_free_all) &&
         find(library, "curl_multi_init", curl.multi_init) &&
         find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
         find(library, "curl_multi_setopt", curl.multi_setopt) &&
         find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
         find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         find(library, "curl_multi_perform", curl.multi_perform) &&
         find(library, "curl_multi_poll", curl.multi_poll) &&
         find(library, "curl_multi_wakeup", curl.multi_wakeup) &&
         find(library, "curl_multi_info_read", curl.multi_info_read);
}

}  // namespace

Result<CurlLibrary> CurlLibrary::load() {
  const auto missing = [](const std::string& what) {
    return unavailable("https and proxies need libcurl (Debian package libcurl4): " + what);
  };
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return missing(dlerror());
  CurlLibrary curl;
  if (!find_all(library, curl)) return missing("libcurl.so.4 is too old");
  // Reference-counted and, since 7.84, safe beside other threads.
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return missing("it does not initialise");
  return curl;
}

}  // namespace narthex::net

// SPDX-License-Identifier: Apache-2.0
// curl_library.hpp - libcurl, loaded when it is first needed: with its chain of libraries it costs
// some 8 MiB resident, and most agents never make an HTTPS request. Immutable once loaded; never
// unloaded.
#pragma once

#include <narthex/sdk/result.hpp>

#include <curl/curl.h>

namespace narthex::net {

// The functions we use, under their names without "curl_".
struct CurlLibrary {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_wakeup) multi_wakeup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;

  // Loads libcurl.so.4 and initialises it. NX_ERR_UNAVAILABLE says what is missing.
  static Result<CurlLibrary> load();
};

}  // namespace narthex::net

// SPDX-License-Identifier: Apache-2.0
// read_request.cpp - the decoded body of a remote read, and the Accept header of a federation: what
// is taken is bounded by the bytes, and every query that is taken makes a selection or says why
// not.
#include "federate/negotiation.hpp"
#include "remote_read/selection.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narthex;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<remote_read::ReadRequest> request = remote_read::ReadRequest::parse(text);
  if (request.ok()) {
    if (request->queries.size() > size || request->accepted.size() > size) std::abort();
    (void)request->response_type().ok();
    for (const remote_read::RequestQuery& query : request->queries) {
      const auto selection = remote_read::Selection::make(query, {{"site", "oslo"}});
      if (selection.ok() && selection->matchers.size() != query.matchers.size()) std::abort();
    }
  } else if (request.status().message().empty()) {
    std::abort();
  }
  const federate::Format format = federate::negotiate(text);
  if (format.content_type().empty()) std::abort();
  const std::string name = federate::escape_name(text, format.escaping);
  if (format.escaping != federate::Escaping::kNone && size != 0 && !federate::is_plain_name(name)) {
    std::abort();
  }
  return 0;
}

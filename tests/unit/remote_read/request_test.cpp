// SPDX-License-Identifier: Apache-2.0
#include "remote_read/read_request.hpp"
#include "remote_read/selection.hpp"
#include "tests/support/read_messages.hpp"

#include <catch2/catch.hpp>

namespace narthex::remote_read {
namespace {

TEST_CASE("a request is read with its hints", "[remote_read]") {
  const std::string hints = test::hints_message(1500, 1900, "rate");
  const std::string message =
      test::query_message(1000, 2000, {{0, "__name__", "up"}, {3, "job", "a.*"}}, &hints) +
      test::query_message(-5, 5, {}) + test::accepted_message({1, 0}, true);
  const Result<ReadRequest> request = ReadRequest::parse(message);
  REQUIRE(request.ok());
  REQUIRE(request->queries.size() == 2);
  const RequestQuery& first = request->queries[0];
  CHECK(first.start_ms == 1000);
  CHECK(first.end_ms == 2000);
  REQUIRE(first.matchers.size() == 2);
  CHECK(first.matchers[1].type == NX_MATCH_NRE);
  CHECK(first.matchers[1].name == "job");
  CHECK(first.matchers[1].value == "a.*");
  CHECK(first.has_hints);
  CHECK(first.hint_start_ms == 1500);
  CHECK(first.hint_end_ms == 1900);
  CHECK(first.hint_step_ms == 15'000);
  CHECK(first.hint_range_ms == 60'000);
  CHECK(first.hint_function == "rate");
  CHECK_FALSE(request->queries[1].has_hints);
  CHECK(request->queries[1].start_ms == -5);
  CHECK(request->accepted == std::vector<std::int32_t>{1, 0});
}

TEST_CASE("the first response type that there is gets answered", "[remote_read]") {
  const auto type_of = [](const std::vector<std::int32_t>& types, bool packed) {
    const Result<ReadRequest> request = ReadRequest::parse(test::accepted_message(types, packed));
    REQUIRE(request.ok());
    return request->response_type();
  };
  for (const bool packed : {false, true}) {
    CHECK(*type_of({}, packed) == ResponseType::kSamples);
    CHECK(*type_of({0, 1}, packed) == ResponseType::kSamples);
    CHECK(*type_of({1, 0}, packed) == ResponseType::kStreamedXorChunks);
    CHECK(*type_of({7, 1}, packed) == ResponseType::kStreamedXorChunks);
    const auto none = type_of({7, 8}, packed);
    REQUIRE_FALSE(none.ok());
    CHECK(none.status().message() ==
          "server does not support any of the requested response types: [7 8]; supported: "
          "map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]");
  }
}

TEST_CASE("what is no ReadRequest is refused", "[remote_read]") {
  const std::string message = test::query_message(1000, 2000, {{0, "__name__", "up"}});
  for (std::size_t size = 1; size < message.size(); ++size) {
    const Result<ReadRequest> cut = ReadRequest::parse(std::string_view(message).substr(0, size));
    INFO(size);
    REQUIRE_FALSE(cut.ok());
    CHECK(cut.status().code() == NX_ERR_INVALID_DATA);
  }
  CHECK(ReadRequest::parse("garbage.........").status().message().starts_with("proto: "));
  CHECK(ReadRequest::parse(std::string_view(message).substr(0, 9)).status().message() ==
        "unexpected EOF");
}

Selection selected(RequestQuery query, const ExternalLabels& external = {}) {
  Result<Selection> selection = Selection::make(query, external);
  REQUIRE(selection.ok());
  return *std::move(selection);
}

TEST_CASE("an external label that is asked for is one that series do not have", "[remote_read]") {
  const ExternalLabels external{{"site", "oslo"}, {"zone", "1"}};
  RequestQuery query;
  query.matchers = {{NX_MATCH_EQ, "site", "oslo"},
                    {NX_MATCH_EQ, "zone", "2"},
                    {NX_MATCH_RE, "site", "oslo"},
                    {NX_MATCH_NE, "site", "a value that needs memory of its own"}};
  const Selection selection = selected(query, external);
  REQUIRE(selection.matchers.size() == 4);
  CHECK(selection.matchers[0].value() == "");
  CHECK(selection.matchers[1].value() == "2");
  CHECK(selection.matchers[2].value() == "oslo");
  CHECK(selection.matchers[3].value() == "a value that needs memory of its own");
}

TEST_CASE("hints narrow a range and do not widen it", "[remote_read]") {
  RequestQuery query;
  query.matchers = {{NX_MATCH_EQ, "a", "b"}};
  query.start_ms = 1000;
  query.end_ms = 2000;
  CHECK(selected(query).min_t == 1000);
  query.has_hints = true;
  CHECK(selected(query).max_t == 2000);  // no times in the hints
  query.hint_start_ms = 1200;
  query.hint_end_ms = 5000;
  CHECK(selected(query).min_t == 1200);
  CHECK(selected(query).max_t == 2000);
  CHECK_FALSE(selected(query).empty());
  query.hint_start_ms = 3000;
  CHECK(selected(query).empty());
  query = {};
  CHECK(selected(query).empty());  // no matchers
}

TEST_CASE("matchers that do not exist are the client's mistake", "[remote_read]") {
  RequestQuery query;
  query.matchers = {{9, "a", "b"}};
  CHECK(Selection::make(query, {}).status().code() == NX_ERR_INVALID_ARGUMENT);
  CHECK(Selection::make(query, {}).status().message() == "invalid matcher type");
  query.matchers = {{NX_MATCH_RE, "a", "("}};
  CHECK(Selection::make(query, {}).status().code() == NX_ERR_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace narthex::remote_read

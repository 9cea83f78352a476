// SPDX-License-Identifier: Apache-2.0
// pushgateway.cpp - the first byte says what the rest is: a text body, a protobuf body, a packed
// one, a path, or a group's file. Whatever was read comes back the same after writing and reading.
#include "plugins/ingest/pushgateway/body_encoding.hpp"
#include "plugins/ingest/pushgateway/exposition.hpp"
#include "plugins/ingest/pushgateway/group_json.hpp"
#include "plugins/ingest/pushgateway/group_record.hpp"
#include "plugins/ingest/pushgateway/groups.hpp"
#include "plugins/ingest/pushgateway/protobuf_reader.hpp"
#include "plugins/ingest/pushgateway/sample_columns.hpp"
#include "plugins/ingest/pushgateway/text_reader.hpp"

#include <cstdlib>

namespace {

using namespace narthex::ingest::pushgateway;

void use(std::vector<Family> families) {
  Groups groups(10);
  const GroupingKey key{{"job", "t"}};
  if (!groups.push(key, {std::move(families), true, 1'000}).ok()) return;
  const std::vector<GroupRef> all = groups.all();
  (void)expose(all, true);
  (void)groups_json(all);
  const SampleColumns columns(all);
  if (columns.rows() < 2) std::abort();
  const std::string bytes = encode_group(*all[0]);
  const auto read = decode_group(bytes);
  if (!read.ok() || encode_group(*read) != bytes) std::abort();
  if (expose({std::make_shared<Group>(*read)}, true) != expose(all, true)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kBodyMax = 1 << 20;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      if (auto read = read_text(rest, NameRule::kPlain); read.ok()) use(*std::move(read));
      break;
    case 1:
      if (auto read = read_text(rest, NameRule::kAnyUtf8); read.ok()) use(*std::move(read));
      break;
    case 2:
      if (auto read = read_delimited(rest); read.ok()) use(*std::move(read));
      break;
    case 3:
      if (auto out = undo_encoding("snappy", rest, kBodyMax); out.ok() && out->size() > kBodyMax) {
        std::abort();
      }
      if (auto out = undo_encoding("gzip", rest, kBodyMax); out.ok() && out->size() > kBodyMax) {
        std::abort();
      }
      break;
    case 4:
      if (auto key = parse_grouping_key(rest, NameRule::kAnyUtf8);
          key.ok() && !key->contains("job")) {
        std::abort();
      }
      (void)clean_path(rest);
      break;
    default:
      (void)decode_group(rest);
  }
  return 0;
}

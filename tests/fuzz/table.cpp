// SPDX-License-Identifier: Apache-2.0
// table.cpp - any bytes as a table file. The first byte says what is made of the rest: a file as it
// is; a table that was written, with some of its bytes changed; or a label set block, a directory
// or pages below checksums that hold. Whatever it is, reading ends with values or with an error.
#include "storage/partition/directory.hpp"
#include "storage/partition/identity_block.hpp"
#include "storage/partition/table.hpp"
#include "storage/partition/table_format.hpp"

#include "../support/faulty_fs.hpp"

#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <zstd.h>

#include <cstdlib>

namespace narthex::storage::partition {
namespace {

const std::string kPath = "d/t";

void read_everything(fs::FileSystem& files) {
  const auto table = Table::open(files, kPath);
  if (!table.ok()) return;
  std::size_t text = 0;
  (void)(*table)->identities([&text](std::uint32_t, const nx_series_table& block) {
    for (std::uint32_t p = 0; p < 2 * block.label_off[block.series_count]; ++p) {
      const nx_str& symbol = block.symbols[block.label_ref[p]];
      if (symbol.len != 0) text += static_cast<std::uint8_t>(symbol.ptr[symbol.len - 1]);
    }
  });
  if ((*table)->figures().series != 0) (void)(*table)->group_of(0);
  if ((*table)->chunks().size() < 1000) (void)verify_table(**table);
}

void read_file(ByteView bytes) {
  test::FaultyFileSystem files;
  (void)files.open_append(kPath, fs::OpenMode::kCreate);
  files.content(kPath).assign(bytes.begin(), bytes.end());
  read_everything(files);
}

Bytes make_table() {
  test::FaultyFileSystem files;
  auto writer = TableWriter::create(files, kPath, {true, 1024});
  std::vector<std::int64_t> times;
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) {
    times.push_back(i * 15'000);
    values.push_back(i * i % 97);
  }
  for (char c = 'a'; c < 'z'; ++c) {
    const std::string name(3, c);
    const Label labels[] = {{"__name__", name}, {"job", "j"}};
    SeriesSamples series{};
    series.labels = labels;
    series.times = times;
    series.values = values;
    values[c % 300u] += 1;
    if (!(*writer)->add(series).ok()) std::abort();
  }
  if (!(*writer)->finish().ok()) std::abort();
  return files.content(kPath);
}

void change_table(ByteReader& in) {
  static const Bytes whole = make_table();
  Bytes file = whole;
  while (in.left() >= 4) {
    const std::size_t at = in.word<std::uint16_t>() % file.size();
    const std::uint8_t change = in.byte();
    const bool from_end = in.byte() % 2 != 0;
    file[from_end ? file.size() - 1 - at : at] ^= change;
  }
  read_file(file);
}

class StringFile final : public leveldb::WritableFile {
 public:
  leveldb::Status Append(const leveldb::Slice& data) override {
    bytes.insert(bytes.end(), data.data(), data.data() + data.size());
    return {};
  }
  leveldb::Status Close() override { return {}; }
  leveldb::Status Flush() override { return {}; }
  leveldb::Status Sync() override { return {}; }
  Bytes bytes;
};

void put(leveldb::TableBuilder& builder, const TableKey& key, const Bytes& value) {
  builder.Add({key.text().data(), key.text().size()},
              {reinterpret_cast<const char*>(value.data()), value.size()});
}

Bytes sealed(ByteView content) {
  Bytes value(kSealSize);
  put_bytes(value, content);
  seal(value);
  return value;
}

// A label set block whose frame holds the bytes.
Bytes identity_block(std::uint32_t series, ByteView body) {
  Bytes value(kSealSize);
  value.push_back(kTableVersion);
  put_varint(value, series);
  put_varint(value, body.size());
  const std::size_t head = value.size();
  value.resize(head + ZSTD_compressBound(body.size()));
  value.resize(
      head + ZSTD_compress(value.data() + head, value.size() - head, body.data(), body.size(), 1));
  seal(value);
  return value;
}

// Page, label sets and directory of the input's, in a table whose checksums hold.
void build_table(ByteReader& in) {
  const ByteView page = in.bytes(in.word<std::uint16_t>());
  const ByteView directory = in.bytes(in.word<std::uint16_t>());
  const std::uint32_t series = in.byte();
  StringFile file;
  leveldb::Options options;
  options.compression = leveldb::kNoCompression;
  options.block_size = 1;
  leveldb::TableBuilder builder(options, &file);
  put(builder, TableKey(0, 0), sealed(page));
  put(builder, TableKey(kIdentityGroup, 0), identity_block(series, in.bytes(in.left())));
  put(builder, TableKey(kDirectoryGroup, 0), sealed(directory));
  if (!builder.Finish().ok()) std::abort();
  read_file(file.bytes);
}

}  // namespace
}  // namespace narthex::storage::partition

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narthex::storage::partition;
  narthex::storage::ByteReader in({data, size});
  switch (in.byte() % 4) {
    case 0:
      read_file(in.bytes(in.left()));
      break;
    case 1:
      change_table(in);
      break;
    case 2:
      build_table(in);
      break;
    default: {
      IdentityReader reader;
      const narthex::storage::ByteView body = in.bytes(in.left());
      (void)reader.read(identity_block(body.empty() ? 0 : body[0], body));
      (void)decode_directory(sealed(body));
    }
  }
  return 0;
}

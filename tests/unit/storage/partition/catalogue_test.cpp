// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/catalogue.hpp"
#include "storage/partition/merge.hpp"
#include "support/faulty_fs.hpp"
#include "unit/storage/partition/catalogue_book.hpp"

#include <cstdlib>
#include <filesystem>

namespace narthex::storage::partition {
namespace {

using test::Book;
using test::Call;
using test::FaultyFileSystem;

const Book kBook = {{1, {{10, {false, 0, 0}}, {20, {true, 4, 0}}}}, {2, {{10, {false, 1, 5}}}}};

struct Told {
  std::vector<std::string> files;
  std::vector<std::string> why;
  Catalogue::OnQuarantine callback() {
    return [this](const std::string& file, const std::string& reason) {
      files.push_back(file);
      why.push_back(reason);
    };
  }
};

std::unique_ptr<Catalogue> opened(FaultyFileSystem& files, Told& told) {
  auto catalogue = Catalogue::open(files, "data", told.callback());
  INFO(catalogue.status().message());
  REQUIRE(catalogue.ok());
  return *std::move(catalogue);
}

TableName put(FaultyFileSystem& files, const TableName& name, const Book& book = kBook) {
  REQUIRE(test::FlushWriter::write(files, "data/" + name.file(), book).ok());
  return name;
}

void put_text(FaultyFileSystem& files, const std::string& path) {
  auto file = files.open_append(path, fs::OpenMode::kTruncate);
  REQUIRE(file.ok());
  REQUIRE((*file)->append(std::vector<std::uint8_t>{'?'}).ok());
}

void damage(FaultyFileSystem& files, const std::string& path) {
  auto& content = files.content(path);
  content.resize(content.size() - 3);
}

TEST_CASE("an empty folder is an empty catalogue", "[partition]") {
  FaultyFileSystem files;
  Told told;
  const auto catalogue = opened(files, told);
  REQUIRE(catalogue->tables()->empty());
  REQUIRE(catalogue->next_sequence() == 1);
  REQUIRE(catalogue->next_sequence() == 2);
  REQUIRE(catalogue->figures().tables == 0);
}

TEST_CASE("tables are listed by partition and sequence", "[partition]") {
  FaultyFileSystem files;
  Told told;
  const TableName c = put(files, {0, 10, 10, 0});
  const TableName b = put(files, {0, 9, 9, 0});
  const TableName a = put(files, {-kPartitionMs, 10, 10, 0});
  const auto catalogue = opened(files, told);
  std::vector<TableName> names;
  std::uint64_t bytes = 0;
  for (const auto& entry : *catalogue->tables()) {
    names.push_back(entry->name());
    REQUIRE(entry->bytes() == files.content(catalogue->path_of(entry->name())).size());
    bytes += entry->bytes();
  }
  REQUIRE(names == std::vector<TableName>{a, b, c});
  REQUIRE(catalogue->figures().tables == 3);
  REQUIRE(catalogue->figures().bytes == bytes);
  REQUIRE(catalogue->next_sequence() == 11);
  REQUIRE(test::book_of(*catalogue) == kBook);
}

TEST_CASE("opening removes what is left over, and nothing else", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 1, 0});
  put(files, {0, 2, 2, 0});
  put(files, {0, 1, 2, 0});
  put(files, {0, 1, 2, 1});
  put(files, {kPartitionMs, 1, 1, 0});
  put_text(files, "data/0-2-2-0.deleted");
  put_text(files, "data/0-77-77-0.deleted");
  put_text(files, "data/0-80-80-0.table.tmp");
  put_text(files, "data/notes.txt");
  put_text(files, "data/0-01-1-0.table");
  const auto catalogue = opened(files, told);
  REQUIRE(*files.list("data") == std::vector<std::string>{"0-01-1-0.table", "0-1-2-1.table",
                                                          "86400000-1-1-0.table", "notes.txt"});
  REQUIRE(catalogue->next_sequence() == 81);
  REQUIRE(told.files.empty());
}

TEST_CASE("inputs stay when the table that stands in for them is damaged", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 1, 0});
  put(files, {0, 2, 2, 0});
  const TableName merged = put(files, {0, 1, 2, 0});
  put_text(files, "data/" + merged.tombstone_file());
  damage(files, "data/" + merged.file());
  auto catalogue = opened(files, told);
  REQUIRE(catalogue->tables()->size() == 2);
  REQUIRE(test::book_of(*catalogue) == kBook);
  REQUIRE(told.files == std::vector<std::string>{merged.file()});
  REQUIRE(files.exists("data/quarantine/" + merged.file()));
  REQUIRE(files.exists("data/quarantine/" + merged.tombstone_file()));
  REQUIRE(catalogue->figures().quarantined == 1);

  SECTION("again, beside the first") {
    put(files, merged);
    damage(files, "data/" + merged.file());
    catalogue = opened(files, told);
    REQUIRE(catalogue->tables()->size() == 2);
    REQUIRE(files.exists("data/quarantine/" + merged.file()));
    REQUIRE(files.exists("data/quarantine/" + merged.file() + ".1"));
  }
}

TEST_CASE("an input is not shown, but stays, while its successor cannot be read", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 1, 0});
  put(files, {0, 1, 1, 1});
  files.fail(Call::kRead, 1, EIO);
  auto catalogue = opened(files, told);
  REQUIRE(files.fired());
  REQUIRE(catalogue->tables()->size() == 1);
  REQUIRE(catalogue->tables()->front()->name().revision == 1);
  REQUIRE(files.list("data")->size() == 2);
  REQUIRE(test::book_of(*catalogue) == kBook);
  catalogue = opened(files, told);
  REQUIRE(files.list("data")->size() == 1);
  REQUIRE(told.files.empty());
}

TEST_CASE("names in quarantine count for the next sequence", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put_text(files, "data/quarantine/0-5-40-0.table.3");
  put_text(files, "data/quarantine/0-5-41-0.deleted");
  REQUIRE(opened(files, told)->next_sequence() == 42);
}

TEST_CASE("a damaged table is set aside with its tombstones", "[partition]") {
  FaultyFileSystem files;
  Told told;
  const TableName bad = put(files, {0, 1, 1, 0});
  put(files, {0, 2, 2, 0});
  Tombstones tombstones;
  tombstones.add(0, {1, 2});
  REQUIRE(tombstones.save(files, "data/" + bad.tombstone_file()).ok());
  damage(files, "data/" + bad.file());
  auto catalogue = opened(files, told);
  const TableSet held = *catalogue->tables();
  REQUIRE(held.size() == 2);
  REQUIRE(catalogue->open_table(held[0]).status().error() == EBADMSG);
  REQUIRE(catalogue->open_table(held[0]).status().error() == ENOENT);
  REQUIRE(told.files == std::vector<std::string>{bad.file()});
  REQUIRE(catalogue->tables()->size() == 1);
  REQUIRE(test::book_of(*catalogue) == kBook);
  catalogue.reset();
  files.power_cut();
  REQUIRE(files.exists("data/quarantine/" + bad.file()));
  REQUIRE(files.exists("data/quarantine/" + bad.tombstone_file()));
  REQUIRE(!files.exists("data/" + bad.file()));
}

TEST_CASE("tombstones follow their table into quarantine after a crash", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put_text(files, "data/quarantine/0-1-1-0.table");
  put_text(files, "data/0-1-1-0.deleted");
  opened(files, told);
  REQUIRE(files.exists("data/quarantine/0-1-1-0.deleted"));
}

TEST_CASE("a missing table leaves the set and is told", "[partition]") {
  FaultyFileSystem files;
  Told told;
  const TableName name = put(files, {0, 1, 1, 0});
  const auto catalogue = opened(files, told);
  REQUIRE(files.unlink("data/" + name.file()).ok());
  const TableSet held = *catalogue->tables();
  REQUIRE(catalogue->open_table(held[0]).status().error() == ENOENT);
  REQUIRE(catalogue->tables()->empty());
  REQUIRE(told.files == std::vector<std::string>{name.file()});
}

TEST_CASE("trouble while reading is not damage", "[partition]") {
  for (const int error : {EIO, EMFILE, ENOMEM, EACCES}) {
    for (int n = 1;; ++n) {
      CAPTURE(error, n);
      FaultyFileSystem files;
      Told told;
      put(files, {0, 1, 1, 0});
      const auto catalogue = opened(files, told);
      const TableSet held = *catalogue->tables();
      files.fail(Call::kRead, n, error);
      const bool ok = catalogue->open_table(held[0]).ok();
      REQUIRE(ok != files.fired());
      files.heal();
      REQUIRE(told.files.empty());
      REQUIRE(test::book_of(*catalogue) == kBook);
      if (ok) break;
    }
  }
}

TEST_CASE("tombstones that cannot be read now are read with the table", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 1, 0});
  {
    const auto catalogue = opened(files, told);
    REQUIRE(test::delete_range(*catalogue, 1, {0, 100}).ok());
  }
  Book left = kBook;
  left.erase(1);
  for (int n = 1; n <= 3; ++n) {  // of the table's size, the file of tombstones, its bytes
    CAPTURE(n);
    files.fail(Call::kRead, n, EIO, true);
    const auto catalogue = opened(files, told);
    const TableSet held = *catalogue->tables();
    REQUIRE(catalogue->open_table(held[0]).status().error() == EIO);
    REQUIRE(catalogue->set_tombstones(held[0], {}).error() == EAGAIN);
    files.heal();
    REQUIRE(test::book_of(*catalogue) == left);
  }
  REQUIRE(told.files.empty());
}

TEST_CASE("damaged tombstones are set aside, and the table stays", "[partition]") {
  FaultyFileSystem files;
  Told told;
  const TableName name = put(files, {0, 1, 1, 0});
  put_text(files, "data/" + name.tombstone_file());
  const auto catalogue = opened(files, told);
  REQUIRE(test::book_of(*catalogue) == kBook);
  REQUIRE(told.files == std::vector<std::string>{name.tombstone_file()});
  REQUIRE(files.exists("data/quarantine/" + name.tombstone_file()));
}

TEST_CASE("who holds a table that is removed goes on reading it", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 1, 0});
  put(files, {kPartitionMs, 2, 2, 0});
  const auto catalogue = opened(files, told);
  const auto held = catalogue->tables();
  catalogue->remove({held->front()});
  REQUIRE(catalogue->tables()->size() == 1);
  REQUIRE(files.list("data")->size() == 1);
  const auto table = catalogue->open_table(held->front());
  REQUIRE(table.ok());
  Book book;
  REQUIRE(test::ShownReader(book).read(**table, nullptr).ok());
  REQUIRE(book == kBook);
  REQUIRE(catalogue->set_tombstones(held->front(), {}).error() == ENOENT);
}

TEST_CASE("a folder that cannot be listed is an error", "[partition]") {
  for (const int n : {1, 2}) {
    FaultyFileSystem files;
    put(files, {0, 1, 1, 0});
    files.fail(Call::kList, n, EIO);
    REQUIRE(Catalogue::open(files, "data", nullptr).status().error() == EIO);
  }
}

TEST_CASE("a full or read-only disk can be opened and read", "[partition]") {
  for (const int error : {ENOSPC, EROFS}) {
    FaultyFileSystem files;
    Told told;
    put(files, {0, 1, 1, 0});
    put(files, {0, 1, 1, 1});
    const TableName bad = put(files, {kPartitionMs, 1, 1, 0});
    put_text(files, "data/0-9-9-0.table.tmp");
    damage(files, "data/" + bad.file());
    files.fail_any(1, error, true);
    const auto catalogue = opened(files, told);
    const TableSet held = *catalogue->tables();
    REQUIRE(held.size() == 2);
    REQUIRE(catalogue->open_table(held[1]).status().error() == EBADMSG);
    REQUIRE(told.files.size() == 1);
    REQUIRE(test::book_of(*catalogue) == kBook);
    REQUIRE(test::delete_range(*catalogue, 1, {0, 100}).error() == error);
    REQUIRE(test::book_of(*catalogue) == kBook);
  }
}

TEST_CASE("a snapshot holds what the catalogue shows", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 1, 0});
  put(files, {0, 2, 2, 0}, {{9, {{1, {false, 0, 0}}}}});
  const auto catalogue = opened(files, told);
  REQUIRE(test::delete_range(*catalogue, 1, {0, 15}).ok());
  const Book book = test::book_of(*catalogue);
  REQUIRE(files.make_directory("copy").ok());
  REQUIRE(catalogue->snapshot("copy").ok());
  catalogue->remove(*catalogue->tables());
  files.power_cut();
  const auto copy = Catalogue::open(files, "copy", nullptr);
  REQUIRE(copy.ok());
  REQUIRE(test::book_of(**copy) == book);
  for (const Call call : {Call::kLink, Call::kSyncDirectory}) {
    files.fail(call, 1, EIO);
    REQUIRE((*copy)->snapshot("third").error() == EIO);
    files.heal();
  }
}

TEST_CASE("a catalogue lives in a folder of the real file system", "[partition]") {
  std::string parent = (std::filesystem::temp_directory_path() / "narthex_tables_XXXXXX").string();
  REQUIRE(::mkdtemp(parent.data()) != nullptr);
  fs::FileSystem& files = fs::posix_file_system();
  const std::string folder = parent + "/tables";
  REQUIRE(Catalogue::open(files, folder + "/deeper", nullptr).status().error() == ENOENT);
  Told told;
  auto catalogue = Catalogue::open(files, folder, told.callback());
  REQUIRE(catalogue.ok());
  for (const std::uint64_t sequence : {1u, 2u}) {
    const TableName name{0, sequence, sequence, 0};
    REQUIRE(test::FlushWriter::write(files, (*catalogue)->path_of(name), kBook).ok());
    (*catalogue)->add(std::array{name});
  }
  REQUIRE(test::delete_range(**catalogue, 1, {0, 100}).ok());
  Book left = kBook;
  left.erase(1);
  REQUIRE(files.make_directory(parent + "/copy").ok());
  REQUIRE((*catalogue)->snapshot(parent + "/copy").ok());
  REQUIRE(files.list(parent + "/copy")->size() == 4);
  (*catalogue)->quarantine((*catalogue)->tables()->front(), "as a test");
  REQUIRE(told.why == std::vector<std::string>{"as a test"});
  REQUIRE(files.list(folder + "/quarantine")->size() == 2);
  REQUIRE(test::book_of(**catalogue) == left);
  catalogue = Catalogue::open(files, folder, told.callback());
  REQUIRE(catalogue.ok());
  REQUIRE(test::book_of(**catalogue) == left);
  REQUIRE((*catalogue)->next_sequence() == 3);
  catalogue = Catalogue::open(files, parent + "/copy", told.callback());
  REQUIRE(catalogue.ok());
  REQUIRE(test::book_of(**catalogue) == left);
  REQUIRE(told.files.size() == 1);
  std::filesystem::remove_all(parent);
}

TEST_CASE("what is deleted makes a closed partition worth writing again", "[partition]") {
  FaultyFileSystem files;
  Told told;
  put(files, {0, 1, 4, 3});
  const auto catalogue = opened(files, told);
  REQUIRE(!choose_merge(*catalogue->tables(), kPartitionMs));
  REQUIRE(test::delete_range(*catalogue, 1, {0, 100}).ok());
  REQUIRE(!choose_merge(*catalogue->tables(), 0));
  const auto chosen = choose_merge(*catalogue->tables(), kPartitionMs);
  REQUIRE(chosen.has_value());
  REQUIRE(*chosen == *catalogue->tables());
  const auto merge = Merge::begin(files, *catalogue, *chosen, {});
  REQUIRE(merge.ok());
  REQUIRE((*merge)->step([] { return false; }).ok());
  REQUIRE(!choose_merge(*catalogue->tables(), kPartitionMs));
  REQUIRE(files.list("data")->size() == 1);
}

}  // namespace
}  // namespace narthex::storage::partition

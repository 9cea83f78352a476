// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/file/file_discovery.hpp"
#include "plugins/discovery/file/target_file.hpp"
#include "support/fake_host.hpp"
#include "support/recorded_groups.hpp"
#include "support/text_service.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace narthex;
using namespace narthex::file_discovery;
using Strings = std::vector<std::string>;

namespace {

// Files that exist only in the test.
class MemoryFiles final : public FileReader {
 public:
  void write(const std::string& path, std::string text) {
    files_[path] = {std::move(text), ++writes_};
  }
  void erase(const std::string& path) { files_.erase(path); }
  int reads = 0;

  Strings list(std::span<const std::string>) override {
    Strings out;
    for (const auto& [path, file] : files_) out.push_back(path);
    return out;
  }
  Result<FileStamp> stamp(const std::string& path) override {
    return FileStamp{1, 0, files_.at(path).second, 0};
  }
  Result<std::string> read(const std::string& path) override {
    ++reads;
    return files_.at(path).first;
  }

 private:
  std::map<std::string, std::pair<std::string, std::int64_t>> files_;
  std::int64_t writes_ = 0;
};

Result<std::vector<sdk::TargetGroup>> parse(const test::FakeHost& host, const std::string& path,
                                            std::string_view text) {
  Result<std::vector<sdk::TargetGroup>> groups = internal_error("no tree");
  const Status parsed =
      sdk::parse_text(host.host(), format_of(path), path, text,
                      [&](sdk::Value tree) { groups = read_target_file(path, tree); });
  if (!parsed.ok()) return parsed;
  return groups;
}

struct Fixture {
  test::FakeHost host;
  MemoryFiles files;
  test::RecordedGroups groups;
  Strings unreadable;
  TargetFiles targets{
      {"x/*.json"},
      files,
      {[this](const std::string& path, std::string_view text) { return parse(host, path, text); },
       [this](std::span<const sdk::TargetGroup> all) { return groups.sink().update(all); },
       [this](const std::string& path, const Status&) { unreadable.push_back(path); }}};
  Fixture() { host.offer(NX_EXT_TEXT, &test::kTextService); }
};

// NX_EXT_TASKS that runs nothing by itself.
struct ManualTasks {
  struct Watch {
    nx_task_fn fn;
    void* user;
  };
  static inline std::map<std::string, Watch> watches;
  static inline std::uint64_t period_ms = 0;
  static inline Watch timer{};
  static inline bool refuse_watches = false;

  static nx_status NX_CALL watch_path(const nx_host*, nx_str path, nx_task_fn fn, void* user) {
    if (refuse_watches) return NX_ERR_NOT_FOUND;
    watches[std::string(view(path))] = {fn, user};
    return NX_OK;
  }
  static nx_status NX_CALL timer_start(const nx_host*, std::int32_t, std::uint64_t,
                                       std::uint64_t period, nx_task_fn fn, void* user,
                                       nx_timer**) {
    period_ms = period;
    timer = {fn, user};
    return NX_OK;
  }
};
constexpr nx_ext_tasks kManualTasks = {
    sizeof(nx_ext_tasks), 0, nullptr, &ManualTasks::timer_start, nullptr, &ManualTasks::watch_path};

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "narthex-files-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("only the last part of a path may have a star", "[file]") {
  for (const char* good : {"a.json", "/x/*.yml", "x/a*.yaml", "a*b*.JSON", "t.toml"}) {
    CHECK(check_pattern(good).ok());
  }
  for (const char* bad : {"a.txt", "*/a.json", "a*/b.json", "", "json"}) {
    CHECK(check_pattern(bad).message() ==
          "path name \"" + std::string(bad) + "\" is not valid for file discovery");
  }
}

TEST_CASE("target files are read in three formats", "[file]") {
  test::FakeHost host;
  host.offer(NX_EXT_TEXT, &test::kTextService);
  const auto json =
      parse(host, "a.json", R"([{"targets": ["h:1", "h:2"], "labels": {"env": "x"}}])");
  REQUIRE(json.ok());
  REQUIRE(json->size() == 1);
  CHECK(json->at(0).source == "a.json:0");
  CHECK(json->at(0).labels == Labels{{"__meta_filepath", "a.json"}, {"env", "x"}});
  CHECK(json->at(0).targets ==
        std::vector<Labels>{{{"__address__", "h:1"}}, {{"__address__", "h:2"}}});
  const auto yaml =
      parse(host, "a.yml", "- targets: ['h:1']\n  labels: {rack: 7}\n- targets: []\n");
  REQUIRE(yaml.ok());
  CHECK(yaml->at(0).labels.get("rack") == "7");
  CHECK(yaml->at(1).targets.empty());
  const auto toml = parse(host, "a.toml", "[[groups]]\ntargets = ['h:1']\nlabels = {a = 'b'}\n");
  REQUIRE(toml.ok());
  CHECK(toml->at(0).labels.get("a") == "b");
}

TEST_CASE("one bad group refuses the whole file", "[file]") {
  test::FakeHost host;
  host.offer(NX_EXT_TEXT, &test::kTextService);
  const auto error = [&](const std::string& path, std::string_view text) {
    return parse(host, path, text).status().message();
  };
  CHECK(error("a.json", R"([{"targets": ["h"]}, {"foo": 1}])") == "group 1: unknown field \"foo\"");
  CHECK(error("a.json", "[null]") == "group 0: nil target group item found");
  CHECK(error("a.json", R"([{"targets": [80]}])") == "group 0: a target must be text");
  CHECK(error("a.json", R"([{"labels": {"a": 1}}])") == "group 0: label \"a\" must be text");
  CHECK(error("a.json", R"([{"labels": {"": "x"}}])") == "group 0: \"\" is not a valid label name");
  CHECK(error("a.json", R"({"targets": []})") == "target groups must be a list");
  CHECK(error("a.yml", "- targets: h") == "group 0: targets must be a list");
  CHECK(error("a.toml", "[[group]]\n") == "unknown field \"group\": target groups are [[groups]]");
  CHECK_FALSE(error("a.json", R"([{"targets": ["h"]},)").empty());
}

TEST_CASE("a file is published when it changed, and only then", "[file]") {
  Fixture f;
  f.files.write("x/a.json", R"([{"targets": ["h:1"]}, {"targets": ["h:2"]}])");
  f.files.write("x/b.json", R"([{"targets": ["h:3"]}])");
  f.targets.poll();
  CHECK(f.groups.updates == 1);
  CHECK(f.groups.groups.size() == 3);
  f.targets.poll();
  CHECK(f.groups.updates == 1);
  CHECK(f.files.reads == 2);
  f.files.write("x/a.json", R"([{"targets": ["h:9"]}])");
  f.targets.poll();
  CHECK(f.groups.addresses("x/a.json:0") == Strings{"h:9"});
  CHECK_FALSE(f.groups.groups.contains("x/a.json:1"));
  f.files.erase("x/a.json");
  f.targets.poll();
  CHECK(f.groups.groups.size() == 1);
}

TEST_CASE("a bad file keeps its last good targets until it is good again", "[file]") {
  Fixture f;
  f.files.write("x/a.json", R"([{"targets": ["h:1"]}])");
  f.targets.poll();
  f.files.write("x/a.json", R"([{"targets": ["h:)");
  f.targets.poll();
  f.targets.poll();
  CHECK(f.unreadable == Strings{"x/a.json", "x/a.json"});
  CHECK(f.groups.addresses("x/a.json:0") == Strings{"h:1"});
  f.files.write("x/a.json", R"([{"targets": ["h:2"]}])");
  f.targets.poll();
  CHECK(f.groups.addresses("x/a.json:0") == Strings{"h:2"});
  f.files.write("x/a.json", "[]");
  f.targets.poll();
  CHECK(f.groups.groups.empty());
}

TEST_CASE("real files are found by pattern and noticed when replaced", "[file]") {
  const Folder folder;
  write(folder / "a.json", "[]");
  write(folder / "b.json", "[]");
  write(folder / "c.yml", "");
  DiskReader disk;
  const Strings patterns = {folder / "*.json", folder / "a.json", folder / "missing.json"};
  CHECK(disk.list(patterns) == Strings{folder / "a.json", folder / "b.json"});
  const auto before = disk.stamp(folder / "a.json");
  REQUIRE(before.ok());
  write(folder / "new", "[ ]");
  std::filesystem::rename(folder / "new", folder / "a.json");
  CHECK_FALSE(*disk.stamp(folder / "a.json") == *before);
  CHECK(*disk.read(folder / "a.json") == "[ ]");
  CHECK_FALSE(disk.read(folder / "missing").ok());
  CHECK_FALSE(disk.read(folder.path()).ok());
}

TEST_CASE("the component watches folders and looks on time", "[file]") {
  const Folder folder;
  test::FakeHost host;
  host.offer(NX_EXT_TEXT, &test::kTextService);
  host.offer(NX_EXT_TASKS, &kManualTasks);
  test::RecordedGroups groups;
  ManualTasks::watches.clear();
  ManualTasks::refuse_watches = true;
  sdk::TreeArena arena;
  const nx_value files = arena.array(std::vector{arena.string(folder / "*.json")});
  FileDiscovery::Options options;
  options.files = &files;
  options.refresh_interval_ms = 300'000;
  CHECK(FileDiscovery::validate(host.host(), options, sdk::Value()).ok());
  write(folder / "a.json", R"([{"targets": ["h:1"]}])");
  FileDiscovery component(host.host(), options);
  REQUIRE(component.run(groups.sink()).ok());
  CHECK(groups.synced == 1);
  CHECK(groups.addresses(folder / "a.json:0") == Strings{"h:1"});
  CHECK(ManualTasks::period_ms == 300'000);
  CHECK(ManualTasks::watches.empty());
  ManualTasks::refuse_watches = false;
  ManualTasks::timer.fn(ManualTasks::timer.user);
  REQUIRE(ManualTasks::watches.contains(folder.path()));
  write(folder / "a.json", R"([{"targets": ["h:22"]}])");
  const ManualTasks::Watch watch = ManualTasks::watches[folder.path()];
  watch.fn(watch.user);
  CHECK(groups.addresses(folder / "a.json:0") == Strings{"h:22"});
  write(folder / "a.json", "[");
  watch.fn(watch.user);
  CHECK(host.log.starts_with("Error reading file path="));
}

TEST_CASE("file configurations are checked in Prometheus's words", "[file]") {
  const test::FakeHost host;
  CHECK(FileDiscovery::validate(host.host(), {}, sdk::Value()).message() ==
        "file service discovery config must contain at least one path name");
  sdk::TreeArena arena;
  const nx_value files = arena.array(std::vector{arena.string("a.txt")});
  FileDiscovery::Options options;
  options.files = &files;
  CHECK(FileDiscovery::validate(host.host(), options, sdk::Value()).message() ==
        "path name \"a.txt\" is not valid for file discovery");
}

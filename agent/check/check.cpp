// SPDX-License-Identifier: Apache-2.0
#include "check/check.hpp"

#include "check/child.hpp"
#include "check/process_state.hpp"
#include "check/samples.hpp"
#include "check/suite.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace narthex::check {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFuzz = "fuzz";
constexpr std::int64_t kFuzzSliceMs = 10'000;

// The groups that go for every component, in the order they are run.
std::vector<std::span<const Check>> component_groups() {
  return {config_checks(), lifecycle_checks(), ownership_checks(), skew_checks(),
          thread_checks(), fault_checks(),     cost_checks()};
}

std::vector<const KindSuite*> all_suites() {
  return {&discovery_suite(), &protocol_suite(), &ingest_suite(),   &datagram_suite(),
          &exporter_suite(),  &storage_suite(),  &function_suite(), &notifier_suite()};
}

// What a child told about the file.
struct Described {
  std::string id, version;
  struct Component {
    std::string name;
    std::vector<std::string> kinds;
  };
  std::vector<Component> components;
};

// Rust's runtime says this and aborts when memory runs out, whatever the plugin's author does.
void excuse_runtime(Outcome& outcome) {
  const bool rust = std::ranges::any_of(outcome.findings, [](const Finding& each) {
    return each.text.find("prints: memory allocation of ") != std::string::npos;
  });
  if (!rust) return;
  std::erase_if(outcome.findings, [](const Finding& each) { return each.rule == "NXR-ERR-3"; });
  outcome.notes.emplace_back("the runtime of its language aborts when memory runs out");
}

std::string rest_after(const std::string& note, std::string_view word) {
  return note.starts_with(word) ? note.substr(word.size()) : std::string();
}

class Kit {
 public:
  Kit(const Options& options, std::shared_ptr<const document::Document> given)
      : options_(options), given_(std::move(given)) {
    report_.file = options.file;
    report_.seed = options.seed;
  }

  Report run() {
    for (const Check& check : file_checks()) run_one(check, {});
    run_one(descriptor_checks()[0], {});
    const Described described = describe();
    report_.id = described.id;
    report_.version = described.version;
    if (!described.components.empty()) run_one(descriptor_checks()[1], {});
    for (const auto& component : described.components) run_component(component);
    return std::move(report_);
  }

 private:
  bool wanted(std::string_view suite) const {
    return options_.suites.empty() ||
           std::ranges::find(options_.suites, suite) != options_.suites.end();
  }

  void run_component(const Described::Component& component) {
    for (const Check& check : descriptor_checks().subspan(2)) run_one(check, component.name);
    for (const auto& group : component_groups()) {
      for (const Check& check : group) run_one(check, component.name);
    }
    for (const KindSuite* suite : all_suites()) {
      if (std::ranges::find(component.kinds, suite->kind) == component.kinds.end()) continue;
      for (const Check& check : suite->checks) run_one(check, component.name);
    }
    if (options_.fuzz_ms > 0) fuzz(component.name);
  }

  void run_one(const Check& check, const std::string& component) {
    if (!wanted(check.group)) return;
    Outcome outcome;
    outcome.group = check.group;
    outcome.name = check.name;
    outcome.component = component;
    run_in_child({options_.timeout_ms, options_.in_process}, outcome,
                 [&](Reporter& report) { with_case(report, component, options_.seed, check.run); });
    if (outcome.group == "faults") excuse_runtime(outcome);
    add(std::move(outcome));
  }

  void add(Outcome outcome) {
    if (options_.on_outcome) options_.on_outcome(outcome);
    report_.outcomes.push_back(std::move(outcome));
  }

  // In the child: loads the library, unless the check is one of the file as a whole.
  template <class Use>
  void with_case(Reporter& report, const std::string& component, std::uint64_t seed,
                 const Use& use) const {
    start_runtime_threads();
    Case c{.report = report,
           .library = nullptr,
           .component = nullptr,
           .schema = nullptr,
           .given = given_,
           .file = options_.file,
           .folder = fs::current_path().string(),
           .corpus = options_.corpus,
           .seed = seed,
           .random = std::mt19937_64(seed)};
    if (component.empty()) return use(c);
    auto opened = host::Library::open(options_.file);
    if (!opened.ok()) return report.skip(opened.status().message());
    c.library = *std::move(opened);
    c.component = c.library->find({}, component);
    const std::string name = c.library->id() + '/' + component;
    const Result<host::Schema> schema = host::Schema::parse(name, view(c.component->config_schema));
    if (!schema.ok()) return report.skip(schema.status().message());
    c.schema = &*schema;
    if (load_once(c)) use(c);
  }
  static bool load_once(Case& c) {
    const nx_plugin& plugin = c.library->plugin();
    if (!NX_HAS_FN(&plugin, nx_plugin, load)) return true;
    KitHost host(c.report, {}, "load");
    host.set_phase(Phase::kCreating);
    const OnThread on(NX_THREAD_CONTROL);
    set_current_entry("load");
    const nx_status status = plugin.load(host.raw(), nullptr);
    if (status < 0) c.report.skip("load fails with status " + std::to_string(status));
    return status >= 0;
  }

  Described describe() {
    Outcome outcome;
    outcome.group = "file";
    outcome.name = "open";
    run_in_child({options_.timeout_ms, options_.in_process}, outcome, [&](Reporter& report) {
      const auto opened = host::Library::open(options_.file);
      if (!opened.ok()) return report.skip(opened.status().message());
      const nx_plugin& plugin = (*opened)->plugin();
      report.note("id " + std::string(view(plugin.id)));
      report.note("version " + std::string(view(plugin.version)));
      for (const nx_component* each : std::span(plugin.components, plugin.component_count)) {
        report.note("component " + std::string(view(each->name)));
        for (const KindSuite* suite : suites_of(*each)) {
          report.note("kind " + std::string(suite->kind));
        }
      }
    });
    Described described;
    for (const std::string& note : outcome.notes) {
      if (std::string text = rest_after(note, "id "); !text.empty()) described.id = text;
      if (std::string text = rest_after(note, "version "); !text.empty()) described.version = text;
      if (std::string text = rest_after(note, "component "); !text.empty())
        described.components.push_back({text, {}});
      if (std::string text = rest_after(note, "kind "); !text.empty())
        described.components.back().kinds.push_back(text);
    }
    outcome.notes.clear();
    // A file that cannot be opened has been reported by the checks before, under its rule.
    const bool known = report_.finding_count() != 0 || !wanted("file");
    if (!outcome.skipped.empty() && !known) {
      outcome.findings.push_back({"NXR-FIL-1", outcome.skipped});
      outcome.skipped.clear();
    }
    if (!outcome.passed()) add(std::move(outcome));
    return described;
  }

  void fuzz(const std::string& component) {
    if (!wanted(kFuzz)) return;
    std::int64_t left_ms = options_.fuzz_ms;
    for (std::uint64_t slice = 0; left_ms > 0; ++slice) {
      const std::int64_t slice_ms = std::min(left_ms, kFuzzSliceMs);
      const std::uint64_t seed = options_.seed + slice;
      Outcome outcome;
      outcome.group = kFuzz;
      outcome.name = "seed_" + std::to_string(seed);
      outcome.component = component;
      run_in_child({slice_ms + options_.timeout_ms, options_.in_process}, outcome,
                   [&](Reporter& report) {
                     with_case(report, component, seed, [&](Case& c) { fuzz_slice(c, slice_ms); });
                   });
      const bool found = !outcome.findings.empty();
      add(std::move(outcome));
      if (found) return;
      left_ms -= slice_ms;
    }
  }

  // Random options, random calls, until the time is up.
  static void fuzz_slice(Case& c, std::int64_t slice_ms) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(slice_ms);
    Samples samples(c.schema->root(), c.folder, c.seed);
    std::uint64_t rounds = 0;
    for (std::uint64_t session = 0; std::chrono::steady_clock::now() < end; ++session) {
      Session s(c, {.mode = {.guarded = true, .grown = c.random() % 4 == 0}});
      const nx_value made = samples.wild();
      const auto wild = c.convert(made);
      const bool plain = session % 2 == 0 || wild == nullptr || !s.validate(wild->root).ok();
      if (plain ? !s.create().ok() : !s.create(wild->root).ok()) continue;
      if (!s.start().ok()) continue;
      for (int i = 0; i < 50 && std::chrono::steady_clock::now() < end; ++i, ++rounds) {
        exercise_all(s, c.random);
      }
    }
    c.report.note(std::to_string(rounds) + " rounds");
  }

  const Options& options_;
  const std::shared_ptr<const document::Document> given_;
  Report report_;
};

Result<std::shared_ptr<const document::Document>> read_given(const std::string& file) {
  if (file.empty()) return std::shared_ptr<const document::Document>();
  std::ifstream in(file, std::ios::binary);
  if (!in) return not_found("cannot open " + file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  std::vector<document::Finding> findings;
  auto parsed = document::Document::parse(document::Format::kToml, file, text, findings);
  if (parsed == nullptr) return invalid_config(document::render(findings));
  return parsed;
}

}  // namespace

std::vector<std::string> suite_names() {
  std::vector<std::string> names = {"file", "descriptor"};
  for (const auto& group : component_groups()) names.emplace_back(group.front().group);
  for (const KindSuite* suite : all_suites()) names.emplace_back(suite->kind);
  names.emplace_back(kFuzz);
  return names;
}

Result<Report> run(const Options& options) {
  std::error_code error;
  if (!fs::is_regular_file(options.file, error)) {
    return not_found("no plugin file " + options.file);
  }
  for (const std::string& suite : options.suites) {
    const auto names = suite_names();
    if (std::ranges::find(names, suite) == names.end()) {
      return invalid_argument("no suite \"" + suite + "\"");
    }
  }
  auto given = read_given(options.config_file);
  if (!given.ok()) return given.status();
  // Children work in folders of their own, so every path is made absolute.
  Options absolute = options;
  absolute.file = fs::absolute(options.file, error).lexically_normal().string();
  if (!options.corpus.empty()) absolute.corpus = fs::absolute(options.corpus, error).string();
  return Kit(absolute, *given).run();
}

}  // namespace narthex::check

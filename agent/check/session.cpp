// SPDX-License-Identifier: Apache-2.0
#include "check/session.hpp"

#include "check/process_state.hpp"
#include "check/samples.hpp"
#include "host/utf8.hpp"

#include <narthex/sdk/quote.hpp>

#include <chrono>
#include <span>

namespace narthex::check {
namespace {

constexpr std::int64_t kStopDeadlineNs = 5'000'000'000;

int g_sessions_running = 0;

std::int64_t stop_deadline() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
             .count() +
         kStopDeadlineNs;
}

}  // namespace

std::unique_ptr<host::ConfigTree> Case::convert(const nx_value& value) {
  host::ConfigSource source;
  source.name = folder + "/narthex.toml";
  source.config = &value;
  std::vector<document::Finding> findings;
  auto tree = schema->apply(source, findings);
  return findings.empty() ? std::move(tree) : nullptr;
}

std::unique_ptr<host::ConfigTree> Case::options() {
  const std::string_view name = view(component->name);
  if (given != nullptr) {
    const sdk::Value own = sdk::Value(&given->root())[name];
    if (own) {
      host::ConfigSource source;
      source.name = std::string(name);
      source.config = own.raw();
      source.document = given;
      std::vector<document::Finding> findings;
      auto tree = schema->apply(source, findings);
      if (findings.empty()) return tree;
      report.skip(document::render(findings));
      return nullptr;
    }
  }
  Samples samples(schema->root(), folder, seed);
  const nx_value made = samples.plain();
  auto tree = convert(made);
  if (tree != nullptr) {
    // The samples die here; a tree of its own does not refer to them.
    const nx_value copy = tree->arena.clone(tree->root);
    tree->root = copy;
    tree->source.config = nullptr;
    tree->origins.clear();
  }
  return tree;
}

std::vector<std::string> Case::needs() const {
  std::vector<std::string> list;
  for (const nx_str& need : std::span(component->needs, component->needs_count)) {
    list.emplace_back(view(need));
  }
  return list;
}

Session::Session(Case& the_case, SessionPlan plan)
    : case_(the_case),
      plan_(plan),
      host_(std::make_unique<KitHost>(
          the_case.report, HostPlan{plan.mode, plan.deny, plan.fail_at, the_case.needs()},
          std::string(view(the_case.component->name)) + "#check")),
      options_(the_case.options()) {}

Session::~Session() { down(); }

CallResult Session::judge(const char* entry, nx_status returned, const nx_error* err) {
  CallResult result{returned, {}};
  if (err == nullptr) return result;
  const std::uint32_t lent =
      static_cast<std::uint32_t>(sizeof(nx_error)) + (plan_.mode.grown ? 64u : 0u);
  if (err->struct_size != lent) {
    case_.report.find("NXR-VER-1", std::string(entry) + " changes nx_error::struct_size");
  }
  if (returned == NX_OK || returned == NX_END) return result;
  if (returned > 0 && err->code != returned) return result;
  if (returned < 0 && err->code != returned) {
    case_.report.find("NXR-ERR-1", std::string(entry) + " returns " + std::to_string(returned) +
                                       " and says nothing in err");
    return result;
  }
  if (err->text_len > NX_ERROR_TEXT) {
    case_.report.find("NXR-ERR-1", std::string(entry) + " gives an error text of " +
                                       std::to_string(err->text_len) + " bytes");
    return result;
  }
  result.text.assign(err->text, err->text_len);
  if (returned < 0 && result.text.empty()) {
    case_.report.find("NXR-ERR-1", std::string(entry) + " gives no reason for its failure");
  }
  if (!host::is_utf8(result.text)) {
    case_.report.find("NXR-ERR-1", std::string(entry) + " gives an error text that is not UTF-8: " +
                                       sdk::quote_excerpt(result.text));
  }
  host_->say(result.text);
  return result;
}

CallResult Session::validate(const nx_value& config) {
  const nx_component& c = *case_.component;
  if (!NX_HAS_FN(&c, nx_component, validate)) return {};
  Borrow lent = borrow("validate");
  const nx_value root = lent.tree(config, "the options");
  const nx_value* const tree = lent.array(std::span(&root, 1), "the options");
  lent.seal();
  return call("validate", NX_THREAD_CONTROL,
              [&](nx_error* err) { return c.validate(host_->raw(), tree, err); });
}

CallResult Session::create(const nx_value& config) {
  const nx_component& c = *case_.component;
  threads_before_ = thread_count();
  lent_config_ = std::make_unique<Borrow>(plan_.mode, "the life of the instance");
  const nx_value root = lent_config_->tree(config, "the options");
  const nx_value* const tree = lent_config_->array(std::span(&root, 1), "the options");
  lent_config_->seal();
  host_->set_phase(Phase::kCreating);
  CallResult result;
  if (NX_HAS_FN(&c, nx_component, create)) {
    result = call("create", NX_THREAD_CONTROL,
                  [&](nx_error* err) { return c.create(host_->raw(), tree, &self_, err); });
  }
  created_ = result.ok();
  host_->set_phase(created_ ? Phase::kCreated : Phase::kIdle);
  return result;
}

CallResult Session::start() {
  const nx_component& c = *case_.component;
  running_ = std::make_unique<Borrow>(plan_.mode, "start ... stop");
  watch_started = false;
  ++g_sessions_running;
  host_->set_phase(Phase::kRunning);
  if (!NX_HAS_FN(&c, nx_component, start)) return {};
  CallResult result =
      call("start", NX_THREAD_CONTROL, [&](nx_error* err) { return c.start(self_, err); });
  if (!result.ok()) {
    host_->end_callbacks();
    host_->set_phase(Phase::kStopped);
    --g_sessions_running;
  }
  return result;
}

bool Session::up(bool quiet) {
  const std::string hint = "; give its options with --config";
  if (options_ == nullptr) {
    if (!quiet) case_.report.skip("no options could be made up" + hint);
    return false;
  }
  if (const CallResult checked = validate(options_->root); !checked.ok()) {
    if (!quiet) case_.report.skip("validate refuses: " + checked.text + hint);
    return false;
  }
  if (const CallResult made = create(); !made.ok()) {
    if (!quiet) case_.report.skip("create fails: " + made.text + hint);
    return false;
  }
  if (const CallResult started = start(); !started.ok()) {
    if (!quiet) case_.report.skip("start fails: " + started.text + hint);
    down();
    return false;
  }
  return true;
}

void Session::stop() {
  const nx_component& c = *case_.component;
  host_->end_callbacks();
  host_->set_phase(Phase::kStopping);
  if (NX_HAS_FN(&c, nx_component, stop)) {
    (void)call("stop", NX_THREAD_CONTROL, [&](nx_error*) {
      c.stop(self_, stop_deadline());
      return NX_OK;
    });
  }
  host_->set_phase(Phase::kStopped);
  running_.reset();
  set_current_entry("a thread after stop");
  // Other instances have threads of their own; and what was found once needs no more waiting.
  const bool alone = g_sessions_running-- == 1;
  if (alone && !case_.report.found() && !threads_come_down_to(threads_before_)) {
    case_.report.find("NXR-THR-3", "threads of the instance run after stop has returned");
  }
}

void Session::down() {
  if (!created_) return;
  created_ = false;
  if (running()) stop();
  const nx_component& c = *case_.component;
  if (NX_HAS_FN(&c, nx_component, destroy)) {
    (void)call("destroy", NX_THREAD_CONTROL, [&](nx_error*) {
      c.destroy(self_);
      return NX_OK;
    });
  }
  self_ = nullptr;
  host_->set_phase(Phase::kGone);
  set_current_entry("after destroy");
  lent_config_.reset();
  host_->audit_buffers();
}

}  // namespace narthex::check

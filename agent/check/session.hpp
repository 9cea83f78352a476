// SPDX-License-Identifier: Apache-2.0
// session.hpp - a component under test (Case), and one instance of it with its host (Session).
//
// Every call into the plugin goes through Session::call: it marks the thread, lends an nx_error in
// pages of its own, catches what is thrown, and judges what came back. call() is thread-safe, the
// rest is for one thread.
#pragma once

#include "check/kit_host.hpp"
#include "host/library.hpp"
#include "host/schema.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::check {

// What the checks of one component share. Made in the child.
struct Case {
  Reporter& report;
  std::shared_ptr<const host::Library> library;
  const nx_component* component;  // null: the checks of the file
  const host::Schema* schema;
  std::shared_ptr<const document::Document> given;  // the options of --config; null: made up
  std::string file, folder, corpus;
  std::uint64_t seed;
  std::mt19937_64 random;

  // The options to work with.
  std::unique_ptr<host::ConfigTree> options();
  std::unique_ptr<host::ConfigTree> convert(const nx_value& value);
  std::vector<std::string> needs() const;
};

struct CallResult {
  nx_status status = NX_OK;
  std::string text;  // of the error
  bool ok() const { return status >= 0; }
};

struct SessionPlan {
  Borrow::Mode mode;
  bool deny = false;
  std::uint64_t fail_at = 0;
  bool no_error = false;  // calls get NULL for their nx_error
};

class Session {
 public:
  Session(Case& the_case, SessionPlan plan);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // create and start with the options of the case. False: said as the reason to skip the check, or
  // (`quiet`) not at all.
  bool up(bool quiet = false);
  CallResult create(const nx_value& config);
  CallResult create() { return create(options_->root); }
  CallResult validate(const nx_value& config);
  CallResult start();
  // Ends callbacks, then stop; also looks for threads that are left.
  void stop();
  // stop where need be, destroy, and the audit of buffers.
  void down();
  bool running() const { return host_->phase() == Phase::kRunning; }

  template <class Table>
  const Table* table(std::string_view id) const {
    return static_cast<const Table*>(host::interface_table(*case_.component, id));
  }
  void* self() const { return self_; }
  KitHost& host() { return *host_; }
  Case& the_case() { return case_; }
  Reporter& report() { return case_.report; }
  const SessionPlan& plan() const { return plan_; }
  Borrow borrow(const char* entry) const { return Borrow(plan_.mode, entry); }
  // For what is lent until stop() has returned.
  Borrow& while_running() { return *running_; }

  // f(nx_error*) -> nx_status. `entry`: static, "narthex.exporter/1.collect".
  // `handed_down`: a status that the plugin only passes on from the kit, which needs no text.
  template <class F>
  CallResult call(const char* entry, int kind, F&& f, nx_status handed_down = NX_OK) {
    const OnThread on(kind);
    set_current_entry(entry);
    Borrow lent(plan_.mode, entry);
    nx_error* const err = plan_.no_error ? nullptr : lent.out<nx_error>("nx_error");
    nx_status returned = NX_ERR_INTERNAL;
    try {
      returned = f(err);
    } catch (...) {
      case_.report.find("NXR-ERR-2", std::string(entry) + " throws");
      return {NX_ERR_INTERNAL, "threw"};
    }
    const bool passed_on = returned != NX_OK && returned == handed_down;
    return judge(entry, returned, passed_on ? nullptr : err);
  }

  bool watch_started = false;  // discovery: run() has been called since start()

 private:
  CallResult judge(const char* entry, nx_status returned, const nx_error* err);

  Case& case_;
  const SessionPlan plan_;
  std::unique_ptr<KitHost> host_;
  std::unique_ptr<host::ConfigTree> options_;
  std::unique_ptr<Borrow> lent_config_, running_;
  void* self_ = nullptr;
  bool created_ = false;
  std::size_t threads_before_ = 0;
};

}  // namespace narthex::check

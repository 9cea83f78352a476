// SPDX-License-Identifier: Apache-2.0
#include "host/plugin_host.hpp"

#include "host/crash_handler.hpp"
#include "host/host_context.hpp"
#include "host/host_metrics.hpp"
#include "host/interfaces.hpp"
#include "host/library_set.hpp"
#include "host/plugin_instance.hpp"
#include "host/process_instance.hpp"
#include "host/schema.hpp"

#include <narthex/discovery.h>
#include <narthex/exporter.h>
#include <narthex/ingest.h>
#include <narthex/notifier.h>
#include <narthex/protocol.h>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <span>
#include <utility>

namespace narthex::host {
namespace {

ConfigSource source_of(const InstanceRequest& request) {
  return {request.name, request.config, request.document};
}

bool has_error(std::span<const document::Finding> findings) {
  return std::ranges::any_of(findings, [](const auto& finding) { return !finding.warning; });
}

std::string component_path(const FoundComponent& found) {
  return found.library->id() + '/' + std::string(view(found.component->name));
}

LibraryView view_of(const Library& library) {
  const nx_plugin& p = library.plugin();
  LibraryView v;
  v.id = library.id();
  v.version = library.facts().version;
  v.file = std::filesystem::path(library.path()).filename().string();
  v.license = view(p.license);
  v.vendor = view(p.vendor);
  v.url = view(p.url);
  v.summary = view(p.summary);
  v.build_id = library.facts().build_id;
  v.abi_minor = p.abi_minor;
  v.isolation = library.isolated() ? "process" : "none";
  v.warning = library.warning();
  for (const nx_component* c : std::span(p.components, p.component_count)) {
    ComponentView& made = v.components.emplace_back();
    made.name = view(c->name);
    made.summary = view(c->summary);
    made.config_schema = view(c->config_schema);
    for (const nx_interface& offered : std::span(c->interfaces, c->interface_count)) {
      const std::string id(view(offered.id));
      (is_known_interface(id) ? made.interfaces : made.unknown_interfaces).push_back(id);
    }
    for (const nx_str need : std::span(c->needs, c->needs_count)) {
      made.needs.emplace_back(view(need));
    }
  }
  return v;
}

// The context outlives the library set.
LoadRules load_rules(HostContext& context) {
  return {[&](const ElfFacts& facts) {
            return context.crashes.quarantine_of(facts.id, facts.build_id);
          },
          [&](std::string_view id) { return context.settings_of(id).isolated; },
          [&](const std::string& path, const ElfFacts& facts) {
            return ProcessInstance::describe(context, path, facts.id);
          }};
}

}  // namespace

struct PluginHost::Impl {
  Impl(HostOptions options, HostServices services)
      : context(std::make_shared<HostContext>(std::move(options), services)),
        libraries(context->options.plugin_dirs, load_rules(*context)),
        metrics(services.registry.on_gather(
            [weak = std::weak_ptr<HostContext>(context)](telemetry::Gathering& out) {
              if (const auto alive = weak.lock()) gather_plugin_metrics(*alive, out);
            })) {}

  Result<FoundComponent> find(const InstanceRequest& request) {
    return libraries.find(request.interface_id, request.kind, request.component, request.isolated);
  }

  // What load() of a plugin got as its host, and what it said; made on first use.
  Status load_once(const Library& library) {
    const std::lock_guard lock(mutex);
    const auto known = load_results.find(&library);
    if (known != load_results.end()) return known->second.status;
    Loaded& entry = load_results[&library];
    entry.host = PluginInstance::make(context, {.library = shared_library(library),
                                                .component = nullptr,
                                                .name = library.id(),
                                                .config = nullptr});
    entry.status = entry.host->load(&library.plugin()).with_prefix(library.id());
    return entry.status;
  }

  std::shared_ptr<const Library> shared_library(const Library& library) const {
    for (const auto& loaded : libraries.loaded()) {
      if (loaded.get() == &library) return loaded;
    }
    return nullptr;
  }

  Status check_needs(const FoundComponent& found) const {
    const nx_component& c = *found.component;
    if (found.library->isolated() && (c.flags & NX_COMPONENT_NO_ISOLATION) != 0) {
      return {NX_ERR_UNSUPPORTED, component_path(found) + " cannot run in a process of its own"};
    }
    for (const nx_str need : std::span(c.needs, c.needs_count)) {
      if (context->extension(narthex::view(need)) != nullptr) continue;
      return {NX_ERR_UNSUPPORTED, component_path(found) + " needs the host service " +
                                      std::string(narthex::view(need)) +
                                      ", which this agent has not"};
    }
    return Status();
  }

  Status check_single(const FoundComponent& found) const {
    if ((found.component->flags & NX_COMPONENT_SINGLETON) == 0) return Status();
    for (const auto& instance : context->instances()) {
      if (instance->plugin_id() != found.library->id()) continue;
      // The one that a twin is made of goes when the twin comes.
      if (instance->library().generation() != found.library->generation()) continue;
      if (instance->component() != narthex::view(found.component->name)) continue;
      return {NX_ERR_ALREADY_EXISTS, component_path(found) + " allows one instance, and " +
                                         instance->name() + " is there"};
    }
    return Status();
  }

  // The configuration with all that is wrong with it; validate() has been asked as well.
  std::unique_ptr<ConfigTree> checked_config(const FoundComponent& found,
                                             const InstanceRequest& request,
                                             std::vector<document::Finding>& findings) {
    const ConfigSource source = source_of(request);
    const auto add = [&](const Status& status) {
      if (!status.ok()) findings.push_back(source.finding(nullptr, status.message()));
    };
    const Result<Schema> schema =
        Schema::parse(component_path(found), narthex::view(found.component->config_schema));
    if (!schema.ok()) {
      add(schema.status());
      return nullptr;
    }
    std::vector<document::Finding> own;
    std::unique_ptr<ConfigTree> tree = schema->apply(source, own);
    const bool complete = !has_error(own);
    findings.insert(findings.end(), own.begin(), own.end());
    if (!complete) return tree;
    if (Status status = load_once(*found.library); !status.ok()) {
      add(status);
      return tree;
    }
    const auto asked = PluginInstance::make(context, {.library = found.library,
                                                      .component = found.component,
                                                      .name = request.name,
                                                      .config = nullptr});
    const Status status = asked->validate(*tree);
    if (!status.ok()) findings.push_back(placed(source, status.message()));
    return tree;
  }

  // A plugin's message may begin with the place that config_error() gave it: kept as a whole then.
  static document::Finding placed(const ConfigSource& source, const std::string& message) {
    const std::string file = source.document != nullptr ? source.document->name() : source.name;
    if (!message.starts_with(file + ':')) return source.finding(nullptr, message);
    document::Finding finding;
    std::string rest = message.substr(file.size() + 1);
    finding.place.file = file;
    for (std::uint32_t* number : {&finding.place.line, &finding.place.column}) {
      const std::size_t colon = rest.find(':');
      const std::string digits = rest.substr(0, colon);
      if (colon == std::string::npos || digits.empty() ||
          digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > 9) {
        break;
      }
      *number = static_cast<std::uint32_t>(std::stoul(digits));
      rest.erase(0, colon + 1);
    }
    finding.text = rest.starts_with(' ') ? rest.substr(1) : rest;
    if (source.document != nullptr) {
      finding.line_text = source.document->line_text(finding.place.line);
    }
    return finding;
  }

  // Of an upgrade: an instance that waits for its room.
  struct Twin {
    std::string component, config;
    std::shared_ptr<PluginInstance> instance;
  };

  static bool is_moved(const nx_component& component) {
    return interface_table(component, NX_EXPORTER_ID) != nullptr ||
           interface_table(component, NX_DISCOVERY_ID) != nullptr ||
           interface_table(component, NX_INGEST_ID) != nullptr ||
           interface_table(component, NX_INGEST_DATAGRAM_ID) != nullptr ||
           interface_table(component, NX_NOTIFIER_ID) != nullptr;
  }
  static std::string config_text(const nx_value* config) {
    return config != nullptr ? bus::to_json(*config) : std::string();
  }

  // All or none, in order of creation.
  Status make_twins(const LibrarySet::Upgrade& upgrade) {
    std::vector<Twin> made;
    for (const auto& old : context->instances()) {
      if (&old->library() != upgrade.old.get() || old->raw_component() == nullptr) continue;
      if (!is_moved(*old->raw_component())) continue;
      const nx_component* component = upgrade.made->find({}, old->component());
      if (component == nullptr) return not_found("it has no component " + old->component());
      const ConfigSource& source = old->tree()->source;
      InstanceRequest request;
      request.component = old->component();
      request.name = old->name();
      request.config = source.config;
      request.document = source.document;
      Result<std::shared_ptr<PluginInstance>> twin = make({upgrade.made, component}, request);
      if (!twin.ok()) return twin.status();
      if (Status started = (*twin)->start(); !started.ok()) {
        return started.with_prefix(request.name);
      }
      made.push_back({old->component(), config_text(source.config), *std::move(twin)});
    }
    std::move(made.begin(), made.end(), std::back_inserter(twins));
    return Status();
  }

  // The twin that was made for this, or null.
  std::shared_ptr<PluginInstance> take_twin(const FoundComponent& found,
                                            const InstanceRequest& request) {
    const auto at = std::ranges::find_if(twins, [&](const Twin& twin) {
      return &twin.instance->library() == found.library.get() &&
             twin.component == narthex::view(found.component->name) &&
             twin.config == config_text(request.config);
    });
    if (at == twins.end()) return nullptr;
    std::shared_ptr<PluginInstance> taken = std::move(at->instance);
    twins.erase(at);
    return taken;
  }

  Result<std::shared_ptr<PluginInstance>> make(const FoundComponent& found,
                                               const InstanceRequest& request) {
    if (Status status = check_needs(found); !status.ok()) return status;
    if (Status status = check_single(found); !status.ok()) return status;
    std::vector<document::Finding> findings;
    std::unique_ptr<ConfigTree> tree = checked_config(found, request, findings);
    if (has_error(findings)) return invalid_config(document::render(findings));
    auto instance = PluginInstance::make(context, {.library = found.library,
                                                   .component = found.component,
                                                   .name = request.name,
                                                   .config = std::move(tree)});
    if (Status status = instance->create(); !status.ok()) return status.with_prefix(request.name);
    context->add(instance);
    return instance;
  }

  // What start_all() has started is not made again by a reload.
  void tell_late_settings() const {
    for (const auto& instance : context->instances()) {
      if (instance->table(NX_PARSER_ID) == nullptr) continue;
      if (instance->library().isolated() == context->settings_of(instance->plugin_id()).isolated) {
        continue;
      }
      context->log.warn("isolation of a parser changes at the next start only",
                        {{"instance", instance->name()}});
    }
  }

  struct Loaded {
    std::shared_ptr<PluginInstance> host;
    Status status;
  };

  std::shared_ptr<HostContext> context;
  LibrarySet libraries;
  std::shared_ptr<void> metrics;
  std::mutex mutex;
  std::map<const Library*, Loaded> load_results;  // guarded by mutex
  std::vector<Twin> twins;                        // of the reload under way
};

PluginHost::PluginHost(HostOptions options, HostServices services)
    : impl_(std::make_unique<Impl>(std::move(options), services)) {}

PluginHost::~PluginHost() {
  impl_->metrics.reset();
  impl_->twins.clear();
  auto instances = impl_->context->instances();
  while (!instances.empty()) {
    instances.back()->shut_down();
    instances.pop_back();
  }
  impl_->context->watchdog.stop();
  for (const auto& [library, loaded] : impl_->load_results) {
    if (loaded.status.ok()) loaded.host->unload(&library->plugin());
  }
}

Status PluginHost::keep_crash_journal() {
  CrashBook& book = impl_->context->crashes;
  if (Status status = book.begin(impl_->context->clock.now_ms()); !status.ok()) return status;
  if (Status status = install_crash_handler(book.path(), impl_->context->options.agent_version,
                                            CrashedProcess::kAgent);
      !status.ok()) {
    return status;
  }
  for (const Crash& crash : book.fresh()) impl_->context->tell_crash(crash);
  return Status();
}

void PluginHost::configure(PluginPolicy policy) {
  impl_->context->configure(std::move(policy));
  impl_->libraries.reconsider();
  impl_->tell_late_settings();
}

Status PluginHost::check(const InstanceRequest& request, std::vector<document::Finding>& findings) {
  const Result<FoundComponent> found = impl_->find(request);
  const std::size_t before = findings.size();
  if (found.ok()) {
    (void)impl_->checked_config(*found, request, findings);
  } else if (found.status().code() != NX_ERR_UNAVAILABLE) {
    findings.push_back(source_of(request).finding(nullptr, found.status().message()));
  }
  const std::span<const document::Finding> added(
      findings.begin() + static_cast<std::ptrdiff_t>(before), findings.end());
  if (!has_error(added)) return Status();
  return invalid_config(request.name + ": " + added.front().text);
}

void PluginHost::upgrade() {
  for (const LibrarySet::Upgrade& upgrade : impl_->libraries.load_changed()) {
    const Status status = impl_->make_twins(upgrade);
    const bool ok = status.ok();
    if (!ok) impl_->libraries.put_back(upgrade);
    impl_->context->log.write(
        ok ? telemetry::Level::kInfo : telemetry::Level::kError,
        ok ? "plugin upgraded" : "plugin file has changed and fails, the old one goes on",
        {{"plugin", upgrade.old->id()},
         {"from", upgrade.old->facts().version},
         {"to", upgrade.made->facts().version},
         {"build_id", upgrade.made->facts().build_id},
         {"reason", status.message()}});
  }
}

void PluginHost::discard_twins() { impl_->twins.clear(); }

std::string PluginHost::stamp(const InstanceRequest& request) {
  const Result<FoundComponent> found = impl_->find(request);
  if (!found.ok() || found->library->generation() == 0) return {};
  return '#' + std::to_string(found->library->generation());
}

std::string PluginHost::quarantine_of(const InstanceRequest& request) {
  const Status found = impl_->find(request).status();
  return found.code() == NX_ERR_UNAVAILABLE ? found.message() : std::string();
}

Result<std::shared_ptr<Instance>> PluginHost::create(const InstanceRequest& request) {
  const Result<FoundComponent> found = impl_->find(request);
  if (!found.ok()) return found.status();
  if (auto twin = impl_->take_twin(*found, request)) return std::shared_ptr<Instance>(twin);
  Result<std::shared_ptr<PluginInstance>> made = impl_->make(*found, request);
  if (!made.ok()) return made.status();
  return std::shared_ptr<Instance>(*std::move(made));
}

Status PluginHost::reconfigure(Instance& instance, const InstanceRequest& request) {
  const Result<FoundComponent> found = impl_->find(request);
  if (!found.ok()) return found.status();
  std::vector<document::Finding> findings;
  std::unique_ptr<ConfigTree> tree = impl_->checked_config(*found, request, findings);
  if (has_error(findings)) return invalid_config(document::render(findings));
  return static_cast<PluginInstance&>(instance).reconfigure(std::move(tree));
}

std::vector<std::shared_ptr<Instance>> PluginHost::start_all(std::string_view interface_id,
                                                             std::string_view kind) {
  std::vector<std::shared_ptr<Instance>> all;
  for (const FoundComponent& found : impl_->libraries.find_all(interface_id, kind)) {
    InstanceRequest request;
    request.interface_id = interface_id;
    request.kind = kind;
    request.component = narthex::view(found.component->name);
    request.name = found.library->id();
    if (found.library->plugin().component_count > 1) {
      request.name += '/' + std::string(request.component);
    }
    Result<std::shared_ptr<PluginInstance>> made = impl_->make(found, request);
    Status status = made.ok() ? (*made)->start() : made.status();
    if (status.ok()) {
      all.push_back(*std::move(made));
    } else {
      impl_->context->log.error("plugin left out",
                                {{"plugin", request.name}, {"reason", status.message()}});
    }
  }
  return all;
}

void PluginHost::offer(std::string id, const void* table) {
  impl_->context->offer(std::move(id), table);
}

void PluginHost::load_everything() { impl_->libraries.load_everything(); }

HostView PluginHost::view() const {
  HostView v;
  v.abi_major = NX_ABI_MAJOR;
  v.abi_minor = NX_ABI_MINOR;
  for (const auto& library : impl_->libraries.loaded()) v.libraries.push_back(view_of(*library));
  for (const auto& instance : impl_->context->instances()) {
    v.instances.push_back(instance->view());
  }
  for (const auto& [path, reason] : impl_->libraries.refused()) {
    v.rejected.push_back({path, reason});
  }
  for (const Quarantined& out : impl_->context->crashes.quarantined()) {
    v.quarantined.push_back({out.plugin, out.reason, out.since_ms});
  }
  for (const Crash& crash : impl_->context->crashes.all()) {
    v.crashes.push_back({crash.plugin, crash.instance, crash.text(), crash.stack, crash.build_id,
                         crash.time_ms, crash.isolated});
  }
  return v;
}

}  // namespace narthex::host

// SPDX-License-Identifier: Apache-2.0
#include "config/http_client.hpp"
#include "config/render_parts.hpp"

#include <algorithm>
#include <map>

namespace narthex::config {

namespace {

// A name like "password", "api_token" or "secret_key"; not "password_file".
bool names_secret(std::string_view key) {
  for (const std::string_view word : {"password", "secret", "token", "credentials", "key"}) {
    if (key.ends_with(word)) return key != "tenant_key";
  }
  return false;
}

void render_value(YamlWriter& yaml, const document::Document& document, std::string_view key,
                  const nx_value& value, Secrets secrets);

void render_list(YamlWriter& yaml, const document::Document& document, std::string_view key,
                 const nx_value& list, Secrets secrets) {
  if (list.len == 0) return yaml.literal(key, "[]");
  yaml.begin_list(key);
  for (const nx_value& item : sdk::Value(&list).items()) {
    if (item.type == NX_TABLE && item.len > 0) {
      yaml.begin_item();
      render_entries(yaml, document, item, secrets);
      yaml.end_item();
    } else if (item.type == NX_STRING) {
      yaml.item(names_secret(key) && secrets == Secrets::kHidden ? "<secret>"
                                                                 : document.text(&item));
    } else if (item.type == NX_TABLE || item.type == NX_ARRAY) {
      yaml.item_literal(item.type == NX_TABLE ? "{}" : "[]");
    } else {
      yaml.item_literal(item.type == NX_NULL ? "null" : document.text(&item));
    }
  }
  yaml.end_list();
}

void render_value(YamlWriter& yaml, const document::Document& document, std::string_view key,
                  const nx_value& value, Secrets secrets) {
  switch (value.type) {
    case NX_TABLE:
      if (value.len == 0) return yaml.literal(key, "{}");
      yaml.begin_table(key);
      render_entries(yaml, document, value, secrets);
      return yaml.end_table();
    case NX_ARRAY:
      return render_list(yaml, document, key, value, secrets);
    case NX_NULL:
      return yaml.literal(key, "null");
    case NX_STRING:
      if (secrets == Secrets::kHidden && names_secret(key) && value.len > 0) {
        return yaml.field(key, std::string_view("<secret>"));
      }
      return yaml.field(key, document.text(&value));
    default:
      return yaml.literal(key, document.text(&value));
  }
}

// The mechanisms of Prometheus whose defaults are shown with them. The text is what Prometheus
// prints where the key was not given.
struct ShownKey {
  std::string_view key;
  std::string_view otherwise;
};
constexpr ShownKey kFileKeys[] = {{"files", ""}, {"refresh_interval", "5m"}};
constexpr ShownKey kDnsKeys[] = {
    {"names", ""}, {"refresh_interval", "30s"}, {"type", "SRV"}, {"port", "0"}};
constexpr ShownKey kHttpKeys[] = {{"refresh_interval", "1m"}, {"url", ""}};

void render_keys(YamlWriter& yaml, const discovery::MechanismOptions& mechanism,
                 std::span<const ShownKey> keys, Secrets secrets) {
  for (const auto& [key, otherwise] : keys) {
    const sdk::Value value = sdk::Value(mechanism.config)[key];
    if (value && key == "url" && secrets != Secrets::kShown) {
      yaml.field(key, without_password(std::string(mechanism.document->text(value.raw()))));
    } else if (value) {
      render_value(yaml, *mechanism.document, key, *value.raw(), secrets);
    } else if (!otherwise.empty()) {
      yaml.literal(key, otherwise);
    }
  }
}

void render_http_mechanism(YamlWriter& yaml, const discovery::MechanismOptions& mechanism,
                           Secrets secrets) {
  std::vector<document::Finding> ignored;  // the host checks the plugin's options
  Diagnostics diagnostics(ignored, ignored);
  TableReader table(diagnostics, {{mechanism.document, mechanism.config, nullptr}}, "");
  render_client(yaml, read_http_client(table), secrets);
  render_keys(yaml, mechanism, kHttpKeys, secrets);
}

void render_mechanism(YamlWriter& yaml, const discovery::MechanismOptions& mechanism,
                      Secrets secrets) {
  yaml.begin_item();
  if (mechanism.plugin == "file") {
    render_keys(yaml, mechanism, kFileKeys, secrets);
  } else if (mechanism.plugin == "dns") {
    render_keys(yaml, mechanism, kDnsKeys, secrets);
  } else if (mechanism.plugin == "http") {
    render_http_mechanism(yaml, mechanism, secrets);
  } else {
    render_entries(yaml, *mechanism.document, *mechanism.config, secrets);
  }
  yaml.end_item();
}

void render_static(YamlWriter& yaml, const discovery::MechanismOptions& mechanism) {
  const sdk::Value groups = sdk::Value(mechanism.config)["groups"];
  if (groups.items().empty()) return;
  yaml.begin_list("static_configs");
  for (const nx_value& group : groups.items()) {
    std::vector<std::string> targets;
    for (const nx_value& target : sdk::Value(&group)["targets"].items()) {
      targets.emplace_back(mechanism.document->text(&target));
    }
    std::map<std::string, std::string> labels;
    for (const nx_kv& label : sdk::Value(&group)["labels"].entries()) {
      labels.emplace(view(label.key), mechanism.document->text(&label.value));
    }
    yaml.begin_item();
    yaml.list("targets", targets);
    if (!labels.empty()) {
      yaml.begin_table("labels");
      for (const auto& [name, value] : labels) yaml.field(name, value);
      yaml.end_table();
    }
    yaml.end_item();
  }
  yaml.end_list();
}

}  // namespace

void render_entry(YamlWriter& yaml, const document::Document& document, const nx_kv& entry,
                  Secrets secrets) {
  render_value(yaml, document, view(entry.key), entry.value, secrets);
}

void render_entries(YamlWriter& yaml, const document::Document& document, const nx_value& table,
                    Secrets secrets) {
  for (const nx_kv& entry : sdk::Value(&table).entries()) {
    render_entry(yaml, document, entry, secrets);
  }
}

void render_mechanisms(YamlWriter& yaml, const std::vector<discovery::MechanismOptions>& mechanisms,
                       Secrets secrets) {
  std::string_view open;  // they come sorted by plugin, static last
  for (const discovery::MechanismOptions& mechanism : mechanisms) {
    if (mechanism.plugin == "static") {
      render_static(yaml, mechanism);
      continue;
    }
    if (mechanism.plugin != open) yaml.begin_list(mechanism.plugin + "_sd_configs");
    open = mechanism.plugin;
    render_mechanism(yaml, mechanism, secrets);
  }
}

}  // namespace narthex::config

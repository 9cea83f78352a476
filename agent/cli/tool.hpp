// SPDX-License-Identifier: Apache-2.0
// tool.hpp - what the verbs are given, and the verbs. One file a verb; each returns an exit code,
// writes data to stdout and talk to stderr.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::cli {

struct CommandInfo;

// Of every verb that talks to a server.
struct ServerOptions {
  std::string url = "http://127.0.0.1:9090";
  std::int64_t timeout_ms = 30'000;
  std::string client_file;  // how to speak to it: Prometheus's http_config
  std::string ca_file;      // its certificates are checked against these; goes before client_file
};
struct ReloadOptions {
  std::string data_dir = "data";  // of the agent, for its control socket
  ServerOptions server{"", 120'000, "",
                       ""};  // with a URL: ask over HTTP instead; the time is for both
};
struct DoctorOptions {
  std::string config_file;  // empty: the embedded default
  std::string data_dir;     // empty: as serve
  std::vector<std::string> plugin_dirs;
  std::string output = "table";
};
struct CheckConfigOptions {
  std::vector<std::string> files;
  std::vector<std::string> plugin_dirs;
  bool agent = false;        // as agent mode reads them
  bool syntax_only = false;  // no plugins are loaded
};
struct PluginOptions {
  std::vector<std::string> plugin_dirs;
  std::string id;  // "discovery.file"
  std::string output = "table";
  std::string data_dir;  // of an agent; empty: none
};
struct PluginReleaseOptions {
  std::string plugin;  // id
  std::string data_dir = "./data";
};
struct PluginSchemaOptions {
  std::vector<std::string> plugin_dirs;
  std::string plugin;           // an id, or a file
  std::string output = "json";  // or "reference"
};
struct PluginCheckOptions {
  std::vector<std::string> files;
  std::vector<std::string> suites;
  std::string config_file, corpus;
  std::uint64_t seed = 0;     // 0: a random one
  std::string timeout, fuzz;  // durations; empty: the kit's, none
  bool in_process = false;
  bool quiet = false;  // only checks that found something
  bool rules = false;  // list the rules instead
  std::string output = "table";
  std::string junit_file, json_file;
};
struct PluginNewOptions {
  std::string kind, name;
  std::string language = "cpp";
  std::string id;         // empty: org.example.<name>
  std::string folder;     // empty: the name
  std::string templates;  // empty: those beside the program
};
struct BusOptions {
  ServerOptions server;
  std::vector<std::string> topics;
  bool retained = false;
  std::string output = "table";
};
struct QueryOptions {
  ServerOptions server;
  std::string output = "table";
  std::string expression;
  std::vector<std::string> matchers;
  std::string label;
  std::string time, start, end, step;  // as the API takes them; empty: not given
};

// Of the verbs that open a data directory.
struct DataOptions {
  std::string data_dir = "data";
  std::string backend;  // empty: as serve
  std::vector<std::string> plugin_dirs;
};
// Which series and samples; times as the API takes them, empty: not given.
struct PickOptions {
  std::vector<std::string> matchers;
  std::string min_time, max_time;
};
struct ImportOptions {
  DataOptions data;
  PickOptions pick;
  std::vector<std::string> paths;
  ServerOptions server{"", 30'000, "", ""};  // with a URL: push to it instead
  std::vector<std::string> labels;           // "name=value"
  bool dry_run = false;
};
struct ExportOptions {
  DataOptions data;
  PickOptions pick;
  std::string format = "openmetrics";
  std::string out;
  std::string block_duration = "2h";
};
// Of the verbs of `tsdb`.
struct TsdbOptions {
  DataOptions data;
  PickOptions pick;
  std::string output = "table";
  std::int64_t limit = 20;
};

int check_config(const CheckConfigOptions& options);
int check_web_config(const std::vector<std::string>& files);
int check_health(const ServerOptions& options, const std::string& what);  // healthy, ready
int doctor(const DoctorOptions& options);
int plugin_list(const PluginOptions& options);
int plugin_info(const PluginOptions& options);
int plugin_release(const PluginReleaseOptions& options);
int plugin_schema(const PluginSchemaOptions& options);
int plugin_check(const PluginCheckOptions& options);
int plugin_new(const PluginNewOptions& options);
int bus_tail(const BusOptions& options);
int bus_topics(const BusOptions& options);
int reload(const ReloadOptions& options);
int import_samples(const ImportOptions& options);
int export_samples(const ExportOptions& options);
int tsdb_verify(const TsdbOptions& options);
int tsdb_repair(const TsdbOptions& options);
int tsdb_analyze(const TsdbOptions& options);
int tsdb_dump(const TsdbOptions& options);
int query_instant(const QueryOptions& options);
int query_range(const QueryOptions& options);
int query_series(const QueryOptions& options);
int query_labels(const QueryOptions& options);
int query_label_values(const QueryOptions& options);
int query_explain(const QueryOptions& options);
int completion(const CommandInfo& root, const std::string& shell);
int write_man_pages(const CommandInfo& root, const std::string& folder);

}  // namespace narthex::cli

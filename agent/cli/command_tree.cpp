// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"

#include "check/check.hpp"
#include "cli/cli.hpp"
#include "cli/plugin_help.hpp"
#include "cli/serve_flags.hpp"
#include "cli/tool.hpp"
#include "cli/transfer_help.hpp"
#include "cli/tsdb_help.hpp"
#include "cli/verb_help.hpp"
#include "config/flags.hpp"
#include "document/document.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <utility>

namespace narthex::cli {

namespace {

// The command tree and the options it fills. The chosen verb leaves what is to be run in `run_`.
class Tree {
 public:
  Tree() : app_("Narthex: a monitoring agent. Without a verb it serves.", "narthex") {
    app_.set_help_flag("-h,--help", "Print this help.");
    app_.add_flag("--version", version_, "Print the version.");
    app_.require_subcommand(0, 1);
    app_.failure_message(CLI::FailureMessage::simple);
    app_.footer(verb_help(""));
    add_serve();
    add_check();
    add_query();
    add_plugin();
    add_bus();
    add_reload();
    add_doctor();
    add_import();
    add_export();
    add_tsdb();
    add_completion();
    add_man_pages();
  }

  int run(const std::vector<std::string>& arguments) {
    try {
      // As CLI11 wants them.
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp& help) {
      return app_.exit(help);
    } catch (const CLI::ParseError& error) {
      return complain(arguments, error.what());
    }
    if (version_) return std::fputs(version_text().c_str(), stdout), kGood;
    if (run_) return run_();
    return std::fputs(app_.help().c_str(), stdout), kGood;
  }

  CommandInfo info() { return info(app_); }

 private:
  // Null: no such verb below the command.
  static const CLI::App* verb_named(const CLI::App& command, const std::string& name) {
    for (const CLI::App* each : command.get_subcommands({})) {
      if (each->get_name() == name) return each;
    }
    return nullptr;
  }

  // Says what is wrong, what was probably meant, and where the help is.
  int complain(const std::vector<std::string>& arguments, const char* what) {
    const CLI::App* command = &app_;
    std::string path = "narthex";
    std::string unknown;
    for (const std::string& word : arguments) {
      const CLI::App* const next = verb_named(*command, word);
      if (next == nullptr) {
        unknown = word;
        break;
      }
      command = next;
      path += ' ' + word;
    }
    std::vector<std::string> names;
    for (const CLI::App* each : command->get_subcommands({})) names.push_back(each->get_name());
    for (const CLI::Option* each : command->get_options()) {
      for (const std::string& name : each->get_lnames()) names.push_back("--" + name);
    }
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const std::string_view meant =
        unknown.empty() || std::ranges::find(names, unknown) != names.end()
            ? std::string_view()
            : document::nearest(unknown, candidates);
    std::fprintf(stderr, "narthex: %s\n", what);
    if (!meant.empty()) {
      std::fprintf(stderr, "did you mean \"%s\"?\n", std::string(meant).c_str());
    }
    std::fprintf(stderr, "`%s --help` has more.\n", path.c_str());
    return kUsage;
  }

  CLI::App* verb(CLI::App* parent, const std::string& name, const std::string& help,
                 std::function<int()> run) {
    CLI::App* command = parent->add_subcommand(name, help);
    command->footer("");  // else it has its parent's
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  CLI::App* group(const std::string& name, const std::string& help) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->footer("");
    command->require_subcommand(1);
    return command;
  }

  static void server_options(CLI::App* command, ServerOptions& server) {
    command->add_option("--url", server.url, "URL of the server.")->capture_default_str();
    client_options(command, server);
  }
  static void client_options(CLI::App* command, ServerOptions& server) {
    command->add_option("--http.config.file", server.client_file,
                        "How to speak to it: tls_config, basic_auth and the like.");
    command->add_option("--ca-file", server.ca_file,
                        "Certificates that the server's is checked against.");
  }
  void output_option(CLI::App* command, std::string& output) {
    one_of(command->add_option("--output,-o", output, "table or json.")->capture_default_str(),
           {"table", "json"});
  }

  void add_serve() {
    // Here for the help and the completions only: run_serve() reads its flags.
    CLI::App* command = app_.add_subcommand("serve", "Run the agent (the default).");
    command->footer("");
    for (const config::Flag& flag : config::known_flags()) {
      if (flag.use == config::FlagUse::kOurs || flag.use == config::FlagUse::kWorks) {
        command->add_option_function<std::string>(
            "--" + std::string(flag.name), [](const std::string&) {}, std::string(flag.help));
      }
    }
  }

  void add_check() {
    CLI::App* check = group("check", "Check a configuration or a running agent.");
    check->footer(verb_help("check"));
    CLI::App* config = verb(check, "config", "Check configuration files.",
                            [this] { return check_config(check_config_); });
    config->add_option("files", check_config_.files, "Files, or none for the embedded default.");
    config->add_option("--plugin-dir", check_config_.plugin_dirs, "Folder with plugins.");
    config->add_flag("--agent", check_config_.agent, "Check for agent mode.");
    config->add_flag("--syntax-only", check_config_.syntax_only, "Load no plugins.");
    CLI::App* web = verb(check, "web-config", "Check files of --web.config.file.",
                         [this] { return check_web_config(web_files_); });
    web->add_option("files", web_files_, "Files.")->required();
    for (const std::string what : {"healthy", "ready"}) {
      CLI::App* command = verb(check, what, "Ask whether the server is " + what + ".",
                               [this, what] { return check_health(server_, what); });
      server_options(command, server_);
    }
  }

  CLI::App* query_verb(CLI::App* parent, const std::string& name, const std::string& help,
                       int (*ask)(const QueryOptions&)) {
    CLI::App* command = verb(parent, name, help, [this, ask] { return ask(query_); });
    server_options(command, query_.server);
    output_option(command, query_.output);
    return command;
  }

  void add_query() {
    CLI::App* query = group("query", "Ask a server.");
    query->footer(verb_help("query"));
    CLI::App* instant =
        query_verb(query, "instant", "Evaluate an expression at one time.", query_instant);
    instant->add_option("expression", query_.expression, "PromQL.")->required();
    instant->add_option("--time", query_.time, "Unix seconds or RFC 3339; now by default.");
    CLI::App* range = query_verb(query, "range", "Evaluate an expression over time.", query_range);
    range->add_option("expression", query_.expression, "PromQL.")->required();
    range->add_option("--step", query_.step, "Duration or seconds; chosen by the span if absent.");
    CLI::App* explain =
        query_verb(query, "explain",
                   "Evaluate an expression and show how: its operators, with time and samples of "
                   "each. Over time when a start or a step is given.",
                   query_explain);
    explain->add_option("expression", query_.expression, "PromQL.")->required();
    explain->add_option("--time", query_.time, "Unix seconds or RFC 3339; now by default.");
    explain->add_option("--step", query_.step,
                        "Duration or seconds; chosen by the span if absent.");
    CLI::App* series = query_verb(query, "series", "List series.", query_series);
    series->add_option("--match", query_.matchers, "Series selector; repeat for more.")->required();
    CLI::App* labels = query_verb(query, "labels", "List label names.", query_labels);
    CLI::App* values =
        query_verb(query, "label-values", "List the values of a label.", query_label_values);
    values->add_option("label", query_.label, "Label name.")->required();
    for (CLI::App* command : {labels, values}) {
      command->add_option("--match", query_.matchers, "Series selector; repeat for more.");
    }
    for (CLI::App* command : {range, explain, series, labels, values}) {
      command->add_option("--start", query_.start, "Unix seconds or RFC 3339.");
      command->add_option("--end", query_.end, "Unix seconds or RFC 3339; now by default.");
    }
  }

  void add_plugin() {
    CLI::App* plugin = group("plugin", "Look at plugins, test them, begin a new one.");
    plugin->footer(verb_help("plugin"));
    CLI::App* list =
        verb(plugin, "list", "List all plugins.", [this] { return plugin_list(plugin_); });
    CLI::App* info =
        verb(plugin, "info", "Describe one plugin.", [this] { return plugin_info(plugin_); });
    info->add_option("id", plugin_.id, "Plugin id, such as discovery.file.")->required();
    for (CLI::App* command : {list, info}) {
      command->add_option("--plugin-dir", plugin_.plugin_dirs, "Folder with plugins.");
      output_option(command, plugin_.output);
    }
    list->add_option("--data", plugin_.data_dir,
                     "Data directory of an agent: lists what is in quarantine too.");
    CLI::App* release = verb(plugin, "release", "Let a plugin in quarantine in again.",
                             [this] { return plugin_release(plugin_release_); });
    release->add_option("id", plugin_release_.plugin, "Plugin id.")->required();
    release->add_option("--data", plugin_release_.data_dir, "Data directory of the agent.")
        ->capture_default_str();
    add_plugin_schema(plugin);
    add_plugin_check(plugin);
    add_plugin_new(plugin);
  }

  void add_plugin_schema(CLI::App* plugin) {
    CLI::App* schema = verb(plugin, "schema", "Print the options of a plugin.",
                            [this] { return plugin_schema(plugin_schema_); });
    schema->add_option("plugin", plugin_schema_.plugin, "Plugin id, or a file.")->required();
    schema->add_option("--plugin-dir", plugin_schema_.plugin_dirs, "Folder with plugins.");
    one_of(schema
               ->add_option("--output,-o", plugin_schema_.output,
                            "json (the JSON Schema) or reference (a page in Markdown).")
               ->capture_default_str(),
           {"json", "reference"});
    schema->footer(plugin_help("schema"));
  }

  void add_plugin_check(CLI::App* plugin) {
    PluginCheckOptions& o = plugin_check_;
    CLI::App* check =
        verb(plugin, "check", "Test whether a plugin file keeps the rules of the ABI.",
             [this] { return plugin_check(plugin_check_); });
    check->add_option("files", o.files, "Plugin files.");
    one_of(check->add_option("--suite", o.suites, "A group or kind to run; repeat. All by default.")
               ->allow_extra_args(false),
           check::suite_names());
    check->add_option("--config", o.config_file, "TOML with a table of options a component.");
    check->add_option("--corpus", o.corpus, "Folder of bodies for parsers and receivers.");
    check->add_option("--seed", o.seed, "Of everything random; printed, another each time.");
    check->add_option("--timeout", o.timeout, "Of each check. 1m by default.");
    check->add_option("--fuzz", o.fuzz, "Go on with random input for this long.");
    check->add_flag("--in-process", o.in_process, "No child processes: for a debugger.");
    check->add_flag("--quiet,-q", o.quiet, "Print only checks that found something.");
    check->add_flag("--rules", o.rules, "List the rules and what to do about each.");
    one_of(
        check->add_option("--output,-o", o.output, "table, json or junit.")->capture_default_str(),
        {"table", "json", "junit"});
    check->add_option("--junit", o.junit_file, "Write a JUnit report to this file too.");
    check->add_option("--json", o.json_file, "Write a JSON report to this file too.");
    check->footer(plugin_help("check"));
  }

  void add_plugin_new(CLI::App* plugin) {
    PluginNewOptions& o = plugin_new_;
    CLI::App* command = verb(plugin, "new", "Write the project of a new plugin.",
                             [this] { return plugin_new(plugin_new_); });
    one_of(command->add_option("kind", o.kind, "What it does.")->required(),
           {"discovery", "exporter", "function", "ingest", "notifier", "protocol", "storage"});
    command->add_option("name", o.name, "Name of the component: [a-z][a-z0-9_]*.")->required();
    one_of(command->add_option("--lang", o.language, "c, cpp or rust.")->capture_default_str(),
           {"c", "cpp", "rust"});
    command->add_option("--id", o.id, "Id of the plugin; org.example.NAME by default.");
    command->add_option("--folder", o.folder, "Where to write it; ./NAME by default.");
    command->add_option("--templates", o.templates, "Other templates than those installed.");
    command->footer(plugin_help("new"));
  }

  void add_bus() {
    CLI::App* bus = group("bus", "Follow the events of a server.");
    bus->footer(verb_help("bus"));
    CLI::App* tail =
        verb(bus, "tail", "Print events as they come.", [this] { return bus_tail(bus_); });
    tail->add_option("topics", bus_.topics, "Patterns such as target.*; all by default.");
    tail->add_flag("--retained", bus_.retained, "Begin with the last event of each state topic.");
    CLI::App* topics = verb(bus, "topics", "List the topics.", [this] { return bus_topics(bus_); });
    server_options(topics, bus_.server);
    // It reads its stream itself, over plain HTTP.
    tail->add_option("--url", bus_.server.url, "URL of the server.")->capture_default_str();
    for (CLI::App* command : {tail, topics}) {
      output_option(command, bus_.output);
    }
  }

  void add_reload() {
    CLI::App* command = verb(&app_, "reload", "Make a server read its configuration again.",
                             [this] { return reload(reload_); });
    command->add_option("--data", reload_.data_dir, "Data directory of the agent.")
        ->capture_default_str();
    command->add_option("--url", reload_.server.url, "Ask this server over HTTP instead.");
    client_options(command, reload_.server);
    command->add_flag("--wait", wait_, "Wait for the outcome (always the case).");
    command->footer(verb_help("reload"));
  }

  void add_doctor() {
    DoctorOptions& o = doctor_;
    CLI::App* command = verb(&app_, "doctor", "Say what is wrong with this machine or its agent.",
                             [this] { return doctor(doctor_); });
    command->add_option("--config", o.config_file, "Configuration; the embedded default without.");
    command->add_option("--data", o.data_dir, "Data directory; as serve by default.");
    command->add_option("--plugin-dir", o.plugin_dirs, "Folder with plugins.");
    output_option(command, o.output);
    command->footer(verb_help("doctor"));
  }

  static void data_options(CLI::App* command, DataOptions& data) {
    command->add_option("--data", data.data_dir, "Data directory.")->capture_default_str();
    command->add_option("--storage.backend", data.backend, "Storage plugin; as serve by default.");
    command->add_option("--plugin-dir", data.plugin_dirs, "Folder with plugins.");
  }
  static void pick_options(CLI::App* command, PickOptions& pick) {
    command->add_option("--match", pick.matchers, "Series selector; repeat for more. All series.");
    command->add_option("--min-time", pick.min_time, "Unix seconds or RFC 3339, inclusive.");
    command->add_option("--max-time", pick.max_time, "Unix seconds or RFC 3339, inclusive.");
  }

  void add_import() {
    CLI::App* command = verb(&app_, "import", "Take over samples: text, blocks, whole directories.",
                             [this] { return import_samples(import_); });
    command
        ->add_option("paths", import_.paths,
                     "Files of OpenMetrics or Prometheus text with timestamps, blocks of a "
                     "Prometheus TSDB, snapshots, Prometheus data directories.")
        ->required();
    data_options(command, import_.data);
    command->add_option("--url", import_.server.url,
                        "Push by remote write to this server instead of opening a data directory.");
    client_options(command, import_.server);
    pick_options(command, import_.pick);
    command->add_option("--label", import_.labels, "name=value to add to each series; repeat.");
    command->add_flag("--dry-run", import_.dry_run, "Read and count, write nothing.");
    command->footer(import_help());
  }

  void add_export() {
    CLI::App* command = verb(&app_, "export", "Write samples as OpenMetrics text or TSDB blocks.",
                             [this] { return export_samples(export_); });
    data_options(command, export_.data);
    one_of(command->add_option("--format", export_.format, "openmetrics or blocks.")
               ->capture_default_str(),
           {"openmetrics", "blocks"});
    command
        ->add_option("--out", export_.out, "File, - for the standard output, or folder of blocks.")
        ->required();
    pick_options(command, export_.pick);
    command->add_option("--block-duration", export_.block_duration, "Time span of a block.")
        ->capture_default_str();
    command->footer(export_help());
  }

  void add_tsdb() {
    CLI::App* tsdb = group("tsdb", "Look into a data directory, and mend it.");
    CLI::App* analyze = verb(tsdb, "analyze", "Show which series and tables take the room.",
                             [this] { return tsdb_analyze(tsdb_); });
    analyze->add_option("--limit", tsdb_.limit, "Rows a list.")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    CLI::App* dump =
        verb(tsdb, "dump", "Print samples, one a line.", [this] { return tsdb_dump(tsdb_); });
    pick_options(dump, tsdb_.pick);
    CLI::App* verify = verb(tsdb, "verify", "Read everything, say what is damaged, change nothing.",
                            [this] { return tsdb_verify(tsdb_); });
    CLI::App* repair =
        verb(tsdb, "repair", "Make a damaged directory whole; lose nothing readable.",
             [this] { return tsdb_repair(tsdb_); });
    for (CLI::App* command : {analyze, dump, verify, repair}) {
      data_options(command, tsdb_.data);
      command->footer(tsdb_help(command->get_name()));
    }
    for (CLI::App* command : {analyze, verify, repair}) output_option(command, tsdb_.output);
  }

  void add_completion() {
    CLI::App* command = verb(&app_, "completion", "Print a shell completion script.",
                             [this] { return completion(info(app_), shell_); });
    one_of(command->add_option("shell", shell_, "bash, zsh or fish.")->required(),
           {"bash", "zsh", "fish"});
    command->footer(verb_help("completion"));
  }

  // For the build and for packagers; not in the help.
  void add_man_pages() {
    CLI::App* command = verb(&app_, "man-pages", "Write the man pages into a folder.",
                             [this] { return write_man_pages(info(app_), folder_); });
    command->add_option("folder", folder_, "The folder.")->required();
    command->group("");
  }

  // Restricts an option to a few words, which completions offer.
  CLI::Option* one_of(CLI::Option* option, std::vector<std::string> words) {
    option->check(CLI::IsMember(words));
    choices_[option] = std::move(words);
    return option;
  }

  OptionInfo info(const CLI::Option* option) const {
    OptionInfo out;
    const bool named = !option->get_lnames().empty();
    out.name = named ? "--" + option->get_lnames().front() : option->get_name();
    if (named && !option->get_snames().empty()) out.short_name = "-" + option->get_snames().front();
    out.help = option->get_description();
    out.otherwise = option->get_default_str();
    out.takes_value = option->get_items_expected_max() > 0;
    out.required = option->get_required();
    out.repeats = option->get_items_expected_max() > 1;
    if (const auto at = choices_.find(option); at != choices_.end()) out.choices = at->second;
    return out;
  }

  CommandInfo info(CLI::App& app) const {
    CommandInfo out{app.get_name(), app.get_description(), app.get_footer(), {}, {}, {}};
    for (const CLI::Option* option : app.get_options()) {
      (option->get_positional() ? out.arguments : out.options).push_back(info(option));
    }
    for (CLI::App* command : app.get_subcommands(nullptr)) {
      if (!command->get_group().empty()) out.commands.push_back(info(*command));
    }
    return out;
  }

  std::map<const CLI::Option*, std::vector<std::string>> choices_;
  CLI::App app_;
  bool version_ = false;
  bool wait_ = false;
  std::function<int()> run_;
  ServerOptions server_;
  ReloadOptions reload_;
  DoctorOptions doctor_;
  std::vector<std::string> web_files_;
  CheckConfigOptions check_config_;
  PluginOptions plugin_;
  PluginReleaseOptions plugin_release_;
  PluginSchemaOptions plugin_schema_;
  PluginCheckOptions plugin_check_;
  PluginNewOptions plugin_new_;
  BusOptions bus_;
  QueryOptions query_;
  ImportOptions import_;
  ExportOptions export_;
  TsdbOptions tsdb_;
  std::string shell_, folder_;
};

}  // namespace

int run_tool(const std::vector<std::string>& arguments) { return Tree().run(arguments); }

CommandInfo command_info() { return Tree().info(); }

}  // namespace narthex::cli

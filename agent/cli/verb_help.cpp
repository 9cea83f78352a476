// SPDX-License-Identifier: Apache-2.0
#include "cli/verb_help.hpp"

#include <array>
#include <utility>

namespace narthex::cli {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kHelp = {{
    {"", R"(Begin with:
  narthex                                          scrapes itself and this host, on 127.0.0.1:9090
  narthex query instant 'rate(node_cpu_seconds_total[1m])'
  narthex serve --config prometheus.yml --data /var/lib/narthex
  narthex check config narthex.toml
  narthex plugin list
Exit status of the tools: 0 good, 1 failure, 2 usage, 3 findings of a check, 4 no connection,
130 interrupted. serve: 78 bad configuration, 73 data directory unusable or held, 1 anything else.
)"},
    {"check",
     R"(  narthex check config narthex.toml conf.d/*.toml     everything that is wrong, with line and column
  narthex check config prometheus.yml --syntax-only
  narthex check web-config web.yml                    TLS, users and headers of --web.config.file
  narthex check ready --url http://127.0.0.1:9090    0: ready, 1: not, 4: no server
)"},
    {"query", R"(  narthex query instant up
  narthex query instant 'sum by (job) (up)' --time 2026-01-01T00:00:00Z -o json
  narthex query range --start -15m --step 30s 'rate(node_cpu_seconds_total[1m])'
  narthex query series --match '{job="node"}'
  narthex query label-values job
)"},
    {"bus",
     R"(  narthex bus tail                                   everything that happens, as it happens
  narthex bus tail 'target.*' --retained             present state first, then changes
  narthex bus topics
)"},
    {"plugin",
     R"(  narthex plugin list                                what is there, and what was refused and why
  narthex plugin info discovery.dns
  narthex plugin schema discovery.dns -o reference   its options as a page
  narthex plugin new exporter queue --lang c         a project that builds
  narthex plugin check build/queue.so                does it keep the rules?
  narthex plugin list --data /var/lib/narthex        and what an agent leaves out after crashes
  narthex plugin release exporter.queue --data ...   let it in again
)"},
    {"reload",
     R"(  narthex reload --wait --data /var/lib/narthex
  narthex reload --url http://127.0.0.1:9090         needs --web.enable-lifecycle there
All or nothing: a bad file changes nothing, and this says why (exit status 1). Without --url it asks
through the socket in the data directory, which only its owner and root can open.
)"},
    {"doctor", R"(  narthex doctor --config /etc/narthex/narthex.toml --data /var/lib/narthex
Looks at configuration, data directory, disk, port, file descriptors, clock, plugins, and at what
the agent can see of its host; run it as root or as the agent's user. Exit status 3: a fault.
)"},
    {"completion", R"(  narthex completion bash > /etc/bash_completion.d/narthex
  narthex completion zsh  > /usr/local/share/zsh/site-functions/_narthex
  narthex completion fish > ~/.config/fish/completions/narthex.fish
)"},
}};

}  // namespace

std::string verb_help(std::string_view verb) {
  for (const auto& [name, text] : kHelp) {
    if (name == verb) return std::string(text);
  }
  return {};
}

}  // namespace narthex::cli

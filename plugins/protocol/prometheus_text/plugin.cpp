// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_text/text_parser.hpp"

NARTHEX_PLUGIN("protocol.prometheus_text", "0.1.0",
               "Prometheus text exposition formats 0.0.4 and 1.0.0",
               narthex::sdk::Parser<narthex::prometheus_text::TextParser>)

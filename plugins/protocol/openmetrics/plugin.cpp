// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"

NARTHEX_PLUGIN("protocol.openmetrics", "0.1.0", "OpenMetrics text formats 1.0.0 and 0.0.1",
               narthex::sdk::Parser<narthex::openmetrics::OpenMetricsParser>)

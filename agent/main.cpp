// SPDX-License-Identifier: Apache-2.0
#include "app.hpp"
#include "cli/cli.hpp"

int main(int argc, char** argv) { return narthex::cli::run(argc, argv, &narthex::serve); }

/* SPDX-License-Identifier: Apache-2.0
 * All headers of the ABI in one translation unit. */
#include <narthex/data.h>
#include <narthex/discovery.h>
#include <narthex/event.h>
#include <narthex/exporter.h>
#include <narthex/function.h>
#include <narthex/host.h>
#include <narthex/ingest.h>
#include <narthex/notifier.h>
#include <narthex/plugin.h>
#include <narthex/protocol.h>
#include <narthex/storage.h>

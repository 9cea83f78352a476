// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/self/self_exporter.hpp"

namespace narthex::exporter_self {
namespace {

struct Forwarding {
  const sdk::Collection& out;
  Status status;  // of the first batch that was refused
};

nx_status forward(void* context, const nx_sample_batch* batch) {
  auto& forwarding = *static_cast<Forwarding*>(context);
  if (!forwarding.status.ok()) return forwarding.status.code();
  forwarding.status = forwarding.out.batch(*batch);
  return forwarding.status.code();
}

}  // namespace

Status SelfExporter::collect(const sdk::Collection& out) {
  const auto* service = host_.service<nx_ext_gather>(NX_EXT_GATHER);
  if (service == nullptr) return {NX_ERR_UNSUPPORTED, "the host does not show its own metrics"};
  Forwarding forwarding{out, {}};
  sdk::ErrorSlot err;
  const nx_status returned = service->gather(host_.raw(), &forward, &forwarding, &err);
  if (!forwarding.status.ok()) return forwarding.status;
  return err.status(returned);
}

}  // namespace narthex::exporter_self

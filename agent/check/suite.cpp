// SPDX-License-Identifier: Apache-2.0
#include "check/suite.hpp"

namespace narthex::check {

std::vector<const KindSuite*> suites_of(const nx_component& component) {
  std::vector<const KindSuite*> list;
  for (const KindSuite* suite :
       {&discovery_suite(), &protocol_suite(), &ingest_suite(), &datagram_suite(),
        &exporter_suite(), &storage_suite(), &function_suite(), &notifier_suite()}) {
    if (host::interface_table(component, suite->interface_id) != nullptr) list.push_back(suite);
  }
  return list;
}

void exercise_all(Session& session, std::mt19937_64& random) {
  for (const KindSuite* suite : suites_of(*session.the_case().component)) {
    suite->exercise(session, random);
  }
  session.host().pump();
}

}  // namespace narthex::check

// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/dns_discovery.hpp"
#include "support/dns_server.hpp"
#include "support/fake_host.hpp"
#include "support/recorded_groups.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace narthex;
using namespace narthex::dns_discovery;
using Strings = std::vector<std::string>;

namespace {

constexpr unsigned kA = 1;
constexpr unsigned kNs = 2;
constexpr unsigned kCname = 5;
constexpr unsigned kMx = 15;
constexpr unsigned kAaaa = 28;
constexpr unsigned kSrv = 33;

Lookups ask(const test::DnsServer& server, Strings names, RecordType type) {
  ResolverOptions options;
  options.servers = {server.address()};
  options.resolv_conf = "/dev/null";
  return AresResolver(options).look_up(names, type);
}

class ScriptedResolver final : public Resolver {
 public:
  explicit ScriptedResolver(std::vector<Lookups>& script) : script_(script) {}
  Lookups look_up(std::span<const std::string>, RecordType) override {
    Lookups next = std::move(script_.front());
    script_.erase(script_.begin());
    return next;
  }

 private:
  std::vector<Lookups>& script_;
};

std::span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("records of every type become targets", "[dns]") {
  const std::vector<Record> records = {{RecordType::kSrv, "b.example.", 8080},
                                       {RecordType::kSrv, "a.example.", 80}};
  const sdk::TargetGroup srv = make_group("_web._tcp.example", records, 99);
  CHECK(srv.source == "_web._tcp.example");
  CHECK(srv.targets == std::vector<Labels>{{{"__address__", "a.example:80"},
                                            {"__meta_dns_name", "_web._tcp.example"},
                                            {"__meta_dns_srv_record_port", "80"},
                                            {"__meta_dns_srv_record_target", "a.example."}},
                                           {{"__address__", "b.example:8080"},
                                            {"__meta_dns_name", "_web._tcp.example"},
                                            {"__meta_dns_srv_record_port", "8080"},
                                            {"__meta_dns_srv_record_target", "b.example."}}});
  const auto one = [](RecordType type, std::string target) {
    const Record record{type, std::move(target), 0};
    return make_group("n", std::span(&record, 1), 9100).targets.at(0);
  };
  CHECK(one(RecordType::kA, "10.0.0.1") ==
        Labels{{"__address__", "10.0.0.1:9100"}, {"__meta_dns_name", "n"}});
  CHECK(one(RecordType::kAaaa, "fe80::1").get("__address__") == "[fe80::1]:9100");
  CHECK(one(RecordType::kMx, "mail.x.").get("__meta_dns_mx_record_target") == "mail.x.");
  CHECK(one(RecordType::kMx, "mail.x.").get("__address__") == "mail.x:9100");
  CHECK(one(RecordType::kNs, "ns.x.").get("__meta_dns_ns_record_target") == "ns.x.");
}

TEST_CASE("a short name is completed as resolv.conf says", "[dns]") {
  const SearchList list = parse_resolv_conf(
      "# comment\nnameserver 10.0.0.1\nsearch one.example two.example\noptions ndots:2 "
      "timeout:1\n");
  CHECK(list.domains == Strings{"one.example", "two.example"});
  CHECK(list.dots_min == 2);
  CHECK(names_of(list, "web") == Strings{"web.one.example.", "web.two.example.", "web."});
  CHECK(names_of(list, "a.b.c") == Strings{"a.b.c.", "a.b.c.one.example.", "a.b.c.two.example."});
  CHECK(names_of(list, "web.") == Strings{"web."});
  CHECK(names_of({}, "a.b") == Strings{"a.b."});
  CHECK(parse_resolv_conf("search a\ndomain b\noptions ndots:99").domains == Strings{"b"});
  CHECK(parse_resolv_conf("options ndots:99").dots_min == 15);
  CHECK(parse_resolv_conf("search").domains.empty());
}

TEST_CASE("a real server is asked, over UDP and over TCP", "[dns]") {
  test::DnsServer server;
  server.set("a.example.", kA,
             {0,
              {{kCname, test::dns_name("b.example.")},
               {kA, test::dns_a("10.0.0.1")},
               {kA, test::dns_a("10.0.0.2")}}});
  server.set("six.example.", kAaaa, {0, {{kAaaa, test::dns_aaaa("2001:db8::1")}}});
  server.set("_x._tcp.example.", kSrv, {0, {{kSrv, test::dns_srv("h.example.", 9100)}}, true});
  server.set("m.example.", kMx, {0, {{kMx, test::dns_mx("mail.example.")}}});
  server.set("n.example.", kNs, {0, {{kNs, test::dns_name("ns.example.")}}});
  server.set("empty.example.", kA, {0, {}});
  server.set("broken.example.", kA, {2, {}});

  const Lookups a =
      ask(server, {"a.example", "none.example", "empty.example", "broken.example"}, RecordType::kA);
  REQUIRE(a[0].ok());
  REQUIRE(a[0]->size() == 2);
  CHECK((*a[0])[1].target == "10.0.0.2");
  REQUIRE(a[1].ok());
  CHECK(a[1]->empty());
  REQUIRE(a[2].ok());
  CHECK(a[2]->empty());
  CHECK_FALSE(a[3].ok());
  CHECK(a[3].status().message().starts_with("could not resolve \"broken.example\": "));

  CHECK(server.tcp_questions() == 0);
  const Lookups srv = ask(server, {"_x._tcp.example"}, RecordType::kSrv);
  REQUIRE(srv[0].ok());
  REQUIRE(srv[0]->size() == 1);
  CHECK((*srv[0])[0].target == "h.example.");
  CHECK((*srv[0])[0].port == 9100);
  CHECK(server.tcp_questions() == 1);

  CHECK((*ask(server, {"six.example"}, RecordType::kAaaa)[0])[0].target == "2001:db8::1");
  CHECK((*ask(server, {"m.example"}, RecordType::kMx)[0])[0].target == "mail.example.");
  CHECK((*ask(server, {"n.example"}, RecordType::kNs)[0])[0].target == "ns.example.");
}

TEST_CASE("a lookup gives up when nobody answers in time", "[dns]") {
  ResolverOptions options;
  options.servers = {"127.0.0.1:1"};
  options.resolv_conf = "/dev/null";
  options.timeout_ms = 300;
  const Strings names = {"a.example"};
  CHECK_FALSE(AresResolver(options).look_up(names, RecordType::kA)[0].ok());
}

TEST_CASE("a name that cannot be looked up keeps its targets", "[dns]") {
  test::FakeHost host;
  test::RecordedGroups groups;
  const auto records = [](std::string address) {
    return Result<std::vector<Record>>(
        std::vector<Record>{{RecordType::kA, std::move(address), 0}});
  };
  const Result<std::vector<Record>> failed(unavailable("no answer"));
  std::vector<Lookups> script = {{records("10.0.0.1"), records("10.0.0.2")},
                                 {failed, records("10.0.0.3")},
                                 {failed, failed},
                                 {Result<std::vector<Record>>(std::vector<Record>()), failed}};
  DnsDiscovery::Options options;
  options.names = {"x", "y"};
  options.type = "a";
  options.port = 80;
  DnsDiscovery dns(host.host(), options, std::make_unique<ScriptedResolver>(script));
  sdk::DiscoverySink sink = groups.sink();
  REQUIRE(dns.refresh(sink).ok());
  REQUIRE(dns.refresh(sink).ok());
  CHECK(groups.addresses("x") == Strings{"10.0.0.1:80"});
  CHECK(groups.addresses("y") == Strings{"10.0.0.3:80"});
  CHECK(dns.refresh(sink).message() == "no answer");
  CHECK(groups.updates == 2);
  REQUIRE(dns.refresh(sink).ok());
  CHECK(groups.addresses("x").empty());
  CHECK(groups.addresses("y") == Strings{"10.0.0.3:80"});
  CHECK(host.log.find("Error refreshing DNS targets err=no answer") != std::string::npos);
}

TEST_CASE("DNS configurations are checked in Prometheus's words", "[dns]") {
  const test::FakeHost host;
  const auto check = [&](Strings names, std::string type, std::int64_t port) {
    DnsDiscovery::Options o;
    o.names = std::move(names);
    o.type = std::move(type);
    o.port = port;
    return DnsDiscovery::validate(host.host(), o, sdk::Value()).message();
  };
  CHECK(check({}, "SRV", 0) == "DNS-SD config must contain at least one SRV record name");
  CHECK(check({"a"}, "A", 0) ==
        "a port is required in DNS-SD configs for all record types except SRV");
  CHECK(check({"a"}, "TXT", 3) == "invalid DNS-SD records type TXT");
  CHECK(check({"a"}, "srv", 0) == "");
  CHECK(check({"a"}, "aaaa", 1) == "");
}

TEST_CASE("malformed answers are refused", "[dns]") {
  const std::string head("\0\1\x81\x80\0\0\0\1\0\0\0\0", 12);
  const auto answer = [&](const std::string& name, unsigned type, const std::string& data) {
    return head + name + test::dns_number16(type) + test::dns_number16(1) + std::string(4, '\0') +
           test::dns_number16(static_cast<unsigned>(data.size())) + data;
  };
  const std::string web = test::dns_name("web.");
  const std::string good = answer(web, kSrv, test::dns_srv("a b.x\x01.", 80));
  const auto read = read_answer(bytes(good));
  REQUIRE(read.ok());
  CHECK(read->at(0).target == "a\\ b.x\\001.");
  CHECK(read_answer(bytes(answer("\xC0\x0C", kA, "1234"))).ok() == false);  // points to itself
  CHECK(read_answer(bytes(answer("\xFF\xFF", kA, "1234"))).ok() == false);
  CHECK(read_answer(bytes(answer(web, kA, "123"))).ok() == false);
  CHECK(read_answer(bytes(answer(web, kMx, "1"))).ok() == false);
  CHECK(read_answer(bytes(answer(web, kNs, "\3web"))).ok() == false);
  CHECK(read_answer(bytes(answer(web, 16, "text")))->empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(read_answer(bytes(good.substr(0, size))).ok());
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "parsed.hpp"

#include <catch2/catch.hpp>

namespace narthex::document {

TEST_CASE("a part of a document keeps its places and outlives the whole", "[document]") {
  std::shared_ptr<const Document> part;
  {
    const Parsed p(Format::kYaml, "plugin: node\ncollectors:\n  - cpu\nlisten: x\n");
    const std::string_view dropped[] = {"plugin", "listen"};
    part = Document::without(p.document, p.document->root(), dropped);
  }
  const sdk::Value root(&part->root());
  REQUIRE(root.entries().size() == 1);
  CHECK(part->name() == "file");
  CHECK(Parsed::at(part->key_place(&root.entries()[0])) == "2:1");
  CHECK(Parsed::at(part->place(&root["collectors"].items()[0])) == "3:5");
  CHECK(part->line_text(3) == "  - cpu");
}

TEST_CASE("a wrapped node keeps the places of what is below it", "[document]") {
  const Parsed p(Format::kYaml, "jobs:\n  - targets: [a]\n");
  const auto wrapped = Document::wrap(p.document, "groups", *p.root()["jobs"].raw());
  const sdk::Value groups = sdk::Value(&wrapped->root())["groups"];
  REQUIRE(groups.items().size() == 1);
  CHECK(Parsed::at(wrapped->place(&groups.items()[0])) == "2:5");
}

TEST_CASE("scalars can be rewritten while they are read, by the keys that lead there",
          "[document]") {
  std::vector<std::string> paths;
  const ScalarRewrite rewrite = [&](std::span<const std::string_view> path, const Scalar& scalar) {
    std::string joined;
    for (const std::string_view key : path) joined += "/" + std::string(key);
    paths.push_back(joined);
    using Answer = Result<std::optional<std::string>>;
    if (scalar.text == "bad") return Answer(invalid_argument("no"));
    if (scalar.type == NX_INT) return Answer(std::nullopt);
    return Answer(std::string(scalar.text) + "!");
  };
  std::vector<Finding> findings;
  const auto document = Document::parse(
      Format::kToml, "f", "a = 1\n[b]\nc = [\"x\", {d = \"y\"}]\n", findings, rewrite);
  REQUIRE(document);
  CHECK(paths == std::vector<std::string>{"/a", "/b/c", "/b/c/d"});
  const sdk::Value list = sdk::Value(&document->root())["b"]["c"];
  CHECK(sdk::Value(&list.items()[0]).get<std::string>() == "x!");
  CHECK_FALSE(Document::parse(Format::kYaml, "f", "a: bad\n", findings, rewrite));
  CHECK(findings.at(0).text == "no");
}

}  // namespace narthex::document

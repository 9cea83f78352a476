// SPDX-License-Identifier: Apache-2.0
// Tokens, their kinds and places, and what the lexer says about text it cannot cut.
#include "promql/lexer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace narthex::promql;

namespace {

std::vector<Token> all_tokens(std::string_view text, LexerOptions options = {}) {
  Lexer lexer(text, options);
  std::vector<Token> out;
  do {
    out.push_back(lexer.next());
  } while (out.back().kind != TokenKind::kEof && out.back().kind != TokenKind::kError);
  return out;
}

std::vector<TokenKind> kinds(std::string_view text, LexerOptions options = {}) {
  std::vector<TokenKind> out;
  for (const Token& token : all_tokens(text, options)) out.push_back(token.kind);
  return out;
}

std::string lexer_error(std::string_view text) {
  Lexer lexer(text, {});
  for (;;) {
    const Token token = lexer.next();
    if (token.kind == TokenKind::kError) return lexer.error();
    if (token.kind == TokenKind::kEof) return {};
  }
}

using K = TokenKind;

}  // namespace

TEST_CASE("tokens lie where their text is", "[promql][lexer]") {
  const auto tokens = all_tokens("sum (a) # what\n + 1");
  REQUIRE(tokens.size() == 7);
  CHECK(tokens[0].position == Position{0, 3});
  CHECK(tokens[1].position == Position{4, 5});
  CHECK(tokens[2].text == "a");
  CHECK(tokens[4].position == Position{16, 17});
  CHECK(tokens[5].position == Position{18, 19});
  CHECK(tokens[6].position == Position{19, 19});
}

TEST_CASE("keywords have any case, but not inside braces", "[promql][lexer]") {
  CHECK(kinds("SuM bY oN") == std::vector{K::kSum, K::kBy, K::kOn, K::kEof});
  CHECK(kinds("{sum=\"x\"}") ==
        std::vector{K::kLeftBrace, K::kIdentifier, K::kEqual, K::kString, K::kRightBrace, K::kEof});
  CHECK(kinds("a:b") == std::vector{K::kMetricIdentifier, K::kEof});
}

TEST_CASE("numbers and durations are told apart by their end", "[promql][lexer]") {
  for (const char* number : {"1", ".5", "2.", "0x1F", "1e3", "1E-3", "1_000", "0x_AB", "07"}) {
    INFO(number);
    CHECK(kinds(number) == std::vector{K::kNumber, K::kEof});
  }
  for (const char* duration : {"5m", "1h30m", "1d12h5ms", "2y"}) {
    INFO(duration);
    CHECK(kinds(duration) == std::vector{K::kDuration, K::kEof});
  }
  CHECK(lexer_error("1a") == "bad number or duration syntax: \"1\"");
  CHECK(lexer_error("1__0") == "bad number or duration syntax: \"1__\"");
}

TEST_CASE("strings end at their own quote", "[promql][lexer]") {
  CHECK(kinds(R"("a'b" 'a"b' `a\`)") == std::vector{K::kString, K::kString, K::kString, K::kEof});
  CHECK(lexer_error("\"a") == "unterminated quoted string");
  CHECK(lexer_error("`a") == "unterminated raw string");
  CHECK(lexer_error(R"("\q")") == "unknown escape sequence U+0071 'q'");
  CHECK(lexer_error(R"("\xg0")") == "illegal character U+0067 'g' in escape sequence");
  CHECK(lexer_error(R"("\ud800")") == "escape sequence is an invalid Unicode code point");
}

TEST_CASE("brackets and braces must be closed", "[promql][lexer]") {
  CHECK(lexer_error("(a") == "unclosed left parenthesis");
  CHECK(lexer_error("a[5m") == "unclosed left bracket");
  CHECK(lexer_error("{a") == "unexpected end of input inside braces");
  CHECK(lexer_error("a)") == "unexpected right parenthesis ')'");
  CHECK(lexer_error("a]") == "unexpected right bracket ']'");
  CHECK(lexer_error("a[5m[") == "unexpected left bracket '['");
}

TEST_CASE("an error stays an error", "[promql][lexer]") {
  Lexer lexer("a $ b", {});
  CHECK(lexer.next().kind == K::kIdentifier);
  CHECK(lexer.next().kind == K::kError);
  CHECK(lexer.next().kind == K::kError);
  CHECK(lexer.error_start() == 2);
}

TEST_CASE("newer words are keywords only behind their feature", "[promql][lexer]") {
  CHECK(kinds("anchored") == std::vector{K::kIdentifier, K::kEof});
  CHECK(kinds("anchored", {.extended_range_selectors = true}) ==
        std::vector{K::kAnchored, K::kEof});
  CHECK(kinds("fill", {.fill_modifiers = true}) == std::vector{K::kIdentifier, K::kEof});
  CHECK(kinds("fill (", {.fill_modifiers = true})[0] == K::kFill);
}

// Our JSON reader against nlohmann's: the same texts are JSON, and mean the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "platform/json/json.hpp"

namespace sundial::json {
namespace {

// nlohmann's tree in our words; it keeps the last of repeated members too, but orders them by name.
Value translated(const nlohmann::json& from) {
  switch (from.type()) {
    case nlohmann::json::value_t::object: {
      Map map;
      for (const auto& [name, value] : from.items()) map.set(name, translated(value));
      return map;
    }
    case nlohmann::json::value_t::array: {
      List list;
      for (const auto& item : from) list.push_back(translated(item));
      return list;
    }
    case nlohmann::json::value_t::string:
      return from.get<std::string>();
    case nlohmann::json::value_t::boolean:
      return from.get<bool>();
    case nlohmann::json::value_t::number_integer:
      return from.get<std::int64_t>();
    case nlohmann::json::value_t::number_unsigned: {
      const auto number = from.get<std::uint64_t>();
      return number <= INT64_MAX ? Value(static_cast<std::int64_t>(number))
                                 : Value(static_cast<double>(number));
    }
    case nlohmann::json::value_t::number_float:
      return from.get<double>();
    default:
      return Null{};
  }
}

Value sorted(const Value& value) {
  if (const auto* list = value.get_if<List>()) {
    List all;
    for (const Value& item : *list) all.push_back(sorted(item));
    return all;
  }
  const auto* map = value.get_if<Map>();
  if (map == nullptr) return value;
  std::vector<Map::Member> members(map->begin(), map->end());
  std::sort(members.begin(), members.end(),
            [](const auto& left, const auto& right) { return *left.first.text() < *right.first.text(); });
  Map all;
  for (const auto& [name, item] : members) all.append(name, sorted(item));
  return all;
}

void compare(const std::string& text) {
  const auto ours = parse(text);
  // The only text that it takes and we do not is one that is too deep or too large; it throws at the latter.
  nlohmann::json theirs;
  bool theirs_reads = true;
  try {
    theirs = nlohmann::json::parse(text);
  } catch (const nlohmann::json::out_of_range&) {
    ASSERT_FALSE(ours) << text;
    EXPECT_EQ(ours.error().kind(), ErrorKind::exhausted) << text;
    return;
  } catch (const nlohmann::json::parse_error&) {
    theirs_reads = false;
  }
  ASSERT_EQ(ours.has_value(), theirs_reads) << text;
  if (!theirs_reads) return;
  EXPECT_EQ(write(sorted(*ours)), write(translated(theirs))) << text;
}

TEST(JsonAgainstNlohmann, CasesOfTheGrammar) {
  for (const char* text : {"\xEF\xBB\xBF{}",
                           "\xEF\xBB{}",
                           " \t\r\n[ ]\n",
                           "{\"a\" : [ ] , \"b\":{}}",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{a:1}",
                           "[1 2]",
                           "[,1]",
                           "[1,,2]",
                           "]",
                           "{]",
                           "[}",
                           "[[]",
                           "truee",
                           "tru",
                           "-",
                           "-0",
                           "-0.0",
                           "-1",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "1E-2",
                           "00",
                           "-01",
                           "+1",
                           "0x1",
                           "1e308",
                           "1e309",
                           "-1e309",
                           "1e-400",
                           "5e-324",
                           "0e999",
                           "1e99999999999",
                           "1e-99999999999",
                           "9223372036854775807",
                           "9223372036854775808",
                           "-9223372036854775808",
                           "-9223372036854775809",
                           "18446744073709551615",
                           "18446744073709551616",
                           "123456789012345678",
                           "1234567890123456789",
                           "0.1",
                           "2.5e3",
                           "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
                           "\"\\ud83d\"",
                           "\"\\ude00\"",
                           "\"\\ud83d\\u0041\"",
                           "\"\\u12g4\"",
                           "\"\\u12\"",
                           "\"\\x\"",
                           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                           "\"a\tb\"",
                           "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"",
                           "\"\xc3\"",
                           "\"\x80\"",
                           "\"\x7f\"",
                           "\"open",
                           "{\"a\":1,\"a\":{\"a\":2,\"a\":3}}",
                           "{\"\\u0061\":1,\"a\":2}",
                           "nullnull",
                           "\"\"",
                           "\"a\"\"b\""}) {
    compare(text);
  }
  // There nlohmann's reader stops, as if the text ended.
  EXPECT_FALSE(parse(std::string_view("1\0", 2)));
  compare("1" + std::string(400, '0'));
  compare("0." + std::string(400, '0') + "1");
  compare("1" + std::string(400, '0') + "e-395");
  compare("0." + std::string(400, '0') + "1e405");
}

TEST(JsonAgainstNlohmann, TextsMadeByChance) {
  const std::array<std::string_view, 26> pieces{"{",      "}",
                                                "[",      "]",
                                                ",",      ":",
                                                "\"a\"",  "\"b\"",
                                                "\"",     "1",
                                                "-",      "0",
                                                ".",      "e9",
                                                "E-3",    "true",
                                                "null",   " ",
                                                "\n",     "\\u00",
                                                "4f",     "\\",
                                                "\xc3",   "\xa9",
                                                "1e-330", "12345678901234567890"};
  std::mt19937 random(20260101);
  for (int round = 0; round < 10'000; ++round) {
    std::string text;
    const auto length = random() % 12 + 1;
    for (unsigned i = 0; i < length; ++i) text += pieces[random() % pieces.size()];
    compare(text);
    if (HasFatalFailure()) return;
  }
}

// What is right, with one byte changed: closer to the real grammar than chance gets.
TEST(JsonAgainstNlohmann, TextsWithOneByteChanged) {
  const std::string good =
      R"({"device":"caf\u00e9-1","seq":12,"t":-21.50e+1,"list":[1,[],{"x":null}],"ok":true,"deep":{"a":{"b":[false]}}})";
  compare(good);
  for (std::size_t place = 0; place < good.size(); ++place) {
    for (int byte = 1; byte < 256; byte += byte < 128 ? 1 : 9) {
      std::string text = good;
      text[place] = static_cast<char>(byte);
      compare(text);
      if (HasFatalFailure()) return;
    }
    compare(good.substr(0, place));
  }
}

// Keeping a part of the members changes neither what is JSON nor what those are.
TEST(Json, KeepsOnlyTheMembersAskedFor) {
  const std::vector<std::string> wanted{"b", "list"};
  const auto kept = parse_members(
      R"({"a":{"b":[1,{"list":2}]},"b":{"a":1,"b":2},"c":"x\u0041","\u0062":7,"list":[3]})", wanted);
  ASSERT_TRUE(kept);
  EXPECT_EQ(write(*kept), R"({"b":7,"list":[3]})");
  EXPECT_EQ(write(*parse_members("[{\"a\":1}]", wanted)), "[{\"a\":1}]");
  for (const char* text :
       {"{\"a\":tru}", "{\"a\":\"\xff\"}", "{\"a\":[1,]}", "{\"a\":01}", "{\"a\"}", "{\"a\":{\"x\":}}"}) {
    EXPECT_EQ(parse_members(text, wanted).error().kind(), ErrorKind::invalid) << text;
  }
  EXPECT_EQ(parse_members("{\"a\":1e999}", wanted).error().kind(), ErrorKind::exhausted);
  EXPECT_EQ(parse_members("{\"a\":1" + std::string(400, '0') + "}", wanted).error().kind(),
            ErrorKind::exhausted);
  EXPECT_EQ(parse_members("{\"a\":" + std::string(200, '['), wanted).error().kind(), ErrorKind::exhausted);
}

}  // namespace
}  // namespace sundial::json

// Payloads to values: what each form gives, and what none of them takes.
#include "agent/core/decode/decode.hpp"
#include "agent/core/decode/recorded_line.hpp"

#include <charconv>

#include <gtest/gtest.h>

#include "platform/json/json.hpp"

namespace sundial::decode {
namespace {

using model::Decode;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::string shown(const Result<Value>& value) {
  return value ? json::write(*value) : "error: " + value.error().message();
}

std::string shown(const Result<Decoded>& decoded) {
  return decoded ? json::write(decoded->payload) : "error: " + decoded.error().message();
}

std::string cbor(std::string_view hex) {
  return shown(decode_cbor(from_hex(hex)));
}
std::string msgpack(std::string_view hex) {
  return shown(decode_msgpack(from_hex(hex)));
}
bool is_error(std::string_view text) {
  return text.starts_with("error");
}

TEST(Decode, GuessesJsonThenTextThenBytes) {
  const auto json = decode(R"({"v": 1})", Decode::automatic, std::nullopt);
  EXPECT_EQ(shown(json), R"({"v":1})");
  EXPECT_TRUE(json->was_json);
  const auto text = decode("on", Decode::automatic, std::nullopt);
  EXPECT_EQ(shown(text), R"("on")");
  EXPECT_FALSE(text->was_json);
  const auto bytes = decode("\xff\xfe", Decode::automatic, std::nullopt);
  EXPECT_TRUE(bytes->payload.is<Bytes>());
  EXPECT_EQ(shown(decode(R"({"v": 1} x)", Decode::automatic, std::nullopt)), R"("{\"v\": 1} x")");
  // A byte order mark is no JSON: passed on as it came it would spoil what it stands in.
  EXPECT_EQ(shown(decode("\xEF\xBB\xBF{}", Decode::automatic, std::nullopt)), "\"\xEF\xBB\xBF{}\"");
  EXPECT_TRUE(is_error(shown(decode("\xEF\xBB\xBF{}", Decode::json, std::nullopt))));
}

TEST(Decode, GoesByTheContentTypeWhereItIsKnown) {
  const std::string map = from_hex("a1617601");
  for (const char* type : {"application/cbor", "Application/CBOR; x=1", "application/senml+cbor"}) {
    EXPECT_EQ(shown(decode(map, Decode::automatic, type)), R"({"v":1})") << type;
  }
  const std::string packed = from_hex("81a17601");
  for (const char* type : {"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"}) {
    EXPECT_EQ(shown(decode(packed, Decode::automatic, type)), R"({"v":1})") << type;
  }
  EXPECT_TRUE(is_error(shown(decode("on", Decode::automatic, "application/json"))));
  EXPECT_TRUE(is_error(shown(decode("on", Decode::automatic, "application/ld+json"))));
  EXPECT_EQ(shown(decode("on", Decode::automatic, "text/plain")), R"("on")");
  EXPECT_EQ(shown(decode("on", Decode::text, "application/json")), R"("on")");
}

TEST(Decode, TakesAnEmptyPayloadAsTextOrBytesOnly) {
  EXPECT_EQ(shown(decode("", Decode::automatic, std::nullopt)), R"("")");
  EXPECT_EQ(shown(decode("", Decode::automatic, "application/json")), R"("")");
  EXPECT_EQ(shown(decode("", Decode::text, std::nullopt)), R"("")");
  EXPECT_TRUE(decode("", Decode::bytes, std::nullopt)->payload.is<Bytes>());
  for (Decode how : {Decode::json, Decode::cbor, Decode::msgpack}) {
    EXPECT_TRUE(is_error(shown(decode("", how, std::nullopt))));
  }
}

TEST(Decode, RefusesWhatIsJsonButCannotBeKept) {
  const std::string deep = std::string(101, '[') + std::string(101, ']');
  EXPECT_TRUE(is_error(shown(decode(deep, Decode::automatic, std::nullopt))));
  EXPECT_TRUE(is_error(shown(decode("1e999", Decode::automatic, std::nullopt))));
  EXPECT_TRUE(is_error(shown(decode("1e999", Decode::json, std::nullopt))));
  EXPECT_TRUE(is_error(shown(decode("\xff", Decode::text, std::nullopt))));
  EXPECT_TRUE(is_error(shown(decode("\"\xff\"", Decode::json, std::nullopt))));
}

// The examples of RFC 8949, appendix A.
TEST(Cbor, ReadsTheExamplesOfItsStandard) {
  EXPECT_EQ(cbor("00"), "0");
  EXPECT_EQ(cbor("1864"), "100");
  EXPECT_EQ(cbor("1b000000e8d4a51000"), "1000000000000");
  EXPECT_EQ(cbor("1b7fffffffffffffff"), "9223372036854775807");
  EXPECT_EQ(cbor("1bffffffffffffffff"), "18446744073709551616.0");
  EXPECT_EQ(cbor("3b7fffffffffffffff"), "-9223372036854775808");
  EXPECT_EQ(cbor("3bffffffffffffffff"), "-18446744073709551616.0");
  EXPECT_EQ(cbor("20"), "-1");
  EXPECT_EQ(cbor("3903e7"), "-1000");
  EXPECT_EQ(cbor("f90000"), "0.0");
  EXPECT_EQ(cbor("f93c00"), "1.0");
  EXPECT_EQ(cbor("f97bff"), "65504.0");
  EXPECT_EQ(cbor("f90001"), "5.960464477539063e-08");
  EXPECT_EQ(cbor("f9c400"), "-4.0");
  EXPECT_EQ(cbor("fa47c35000"), "1e+05");
  EXPECT_EQ(cbor("fb3ff199999999999a"), "1.1");
  EXPECT_EQ(cbor("f97c00"), "null");
  EXPECT_EQ(cbor("f97e00"), "null");
  EXPECT_EQ(cbor("fbfff0000000000000"), "null");
  EXPECT_EQ(cbor("f4"), "false");
  EXPECT_EQ(cbor("f6"), "null");
  EXPECT_EQ(cbor("f7"), "null");
  EXPECT_EQ(cbor("c074323031332d30332d32315432303a30343a30305a"), R"("2013-03-21T20:04:00Z")");
  EXPECT_EQ(cbor("d818456449455446"), R"("ZElFVEY=")");
  EXPECT_EQ(cbor("4401020304"), R"("AQIDBA==")");
  EXPECT_EQ(cbor("62c3bc"), R"("ü")");
  EXPECT_EQ(cbor("80"), "[]");
  EXPECT_EQ(cbor("8301820203820405"), "[1,[2,3],[4,5]]");
  EXPECT_EQ(cbor("a26161016162820203"), R"({"a":1,"b":[2,3]})");
  EXPECT_EQ(cbor("5f42010243030405ff"), R"("AQIDBAU=")");
  EXPECT_EQ(cbor("7f657374726561646d696e67ff"), R"("streaming")");
  EXPECT_EQ(cbor("9fff"), "[]");
  EXPECT_EQ(cbor("9f018202039f0405ffff"), "[1,[2,3],[4,5]]");
  EXPECT_EQ(cbor("bf61610161629f0203ffff"), R"({"a":1,"b":[2,3]})");
  EXPECT_EQ(cbor("826161bf61626163ff"), R"(["a",{"b":"c"}])");
}

TEST(Cbor, RefusesWhatIsNoValueOfOurs) {
  for (const char* hex : {"",
                          "18",
                          "1b0000",
                          "61",
                          "62c3",
                          "61ff",
                          "81",
                          "a1",
                          "a16161",
                          "9f",
                          "bf6161ff",
                          "ff",
                          "a10102",
                          "a18001",
                          "a1f601",
                          "0000",
                          "f0",
                          "f8ff",
                          "fc",
                          "1c",
                          "1f",
                          "3f",
                          "df01",
                          "c0",
                          "c0ff",
                          "9fc0ff",
                          "5f6161ff",
                          "7f4161ff",
                          "7f61ffff",
                          "5f5f4101ffff",
                          "9b7fffffffffffffff",
                          "bb7fffffffffffffff",
                          "5b7fffffffffffffff01"}) {
    EXPECT_TRUE(is_error(cbor(hex))) << hex << " gave " << cbor(hex);
  }
}

TEST(Cbor, KeepsTheLastOfMembersWithOneName) {
  EXPECT_EQ(cbor("a3617601617702617603"), R"({"v":3,"w":2})");
}

TEST(Cbor, RefusesBombs) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "81";
  EXPECT_FALSE(is_error(cbor(deep + "00")));
  EXPECT_TRUE(is_error(cbor("81" + deep + "00")));
  EXPECT_FALSE(decode_cbor(std::string(1'000'000, '\x9f')));
  EXPECT_FALSE(decode_cbor(std::string(1'000'000, '\xc0')));
}

TEST(Msgpack, ReadsEveryFormat) {
  EXPECT_EQ(msgpack("00"), "0");
  EXPECT_EQ(msgpack("7f"), "127");
  EXPECT_EQ(msgpack("ff"), "-1");
  EXPECT_EQ(msgpack("e0"), "-32");
  EXPECT_EQ(msgpack("cc80"), "128");
  EXPECT_EQ(msgpack("cdffff"), "65535");
  EXPECT_EQ(msgpack("ceffffffff"), "4294967295");
  EXPECT_EQ(msgpack("cfffffffffffffffff"), "18446744073709551616.0");
  EXPECT_EQ(msgpack("d080"), "-128");
  EXPECT_EQ(msgpack("d18000"), "-32768");
  EXPECT_EQ(msgpack("d280000000"), "-2147483648");
  EXPECT_EQ(msgpack("d38000000000000000"), "-9223372036854775808");
  EXPECT_EQ(msgpack("ca3fc00000"), "1.5");
  EXPECT_EQ(msgpack("cb3ff199999999999a"), "1.1");
  EXPECT_EQ(msgpack("cb7ff8000000000000"), "null");
  EXPECT_EQ(msgpack("c0"), "null");
  EXPECT_EQ(msgpack("c2"), "false");
  EXPECT_EQ(msgpack("c3"), "true");
  EXPECT_EQ(msgpack("a26f6e"), R"("on")");
  EXPECT_EQ(msgpack("d9026f6e"), R"("on")");
  EXPECT_EQ(msgpack("da00026f6e"), R"("on")");
  EXPECT_EQ(msgpack("db000000026f6e"), R"("on")");
  EXPECT_EQ(msgpack("c40101"), R"("AQ==")");
  EXPECT_EQ(msgpack("c5000101"), R"("AQ==")");
  EXPECT_EQ(msgpack("c60000000101"), R"("AQ==")");
  EXPECT_EQ(msgpack("90"), "[]");
  EXPECT_EQ(msgpack("920102"), "[1,2]");
  EXPECT_EQ(msgpack("dc00020102"), "[1,2]");
  EXPECT_EQ(msgpack("dd000000020102"), "[1,2]");
  EXPECT_EQ(msgpack("82a16101a16292c0c3"), R"({"a":1,"b":[null,true]})");
  EXPECT_EQ(msgpack("de0001a16101"), R"({"a":1})");
  EXPECT_EQ(msgpack("df00000001a16101"), R"({"a":1})");
}

TEST(Msgpack, RefusesWhatIsNoValueOfOurs) {
  for (const char* hex :
       {"", "c1", "cc", "cd00", "a26f", "a1ff", "91", "81a161", "810102", "81c001", "819001", "c70000",
        "d40100", "0000", "ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff"}) {
    EXPECT_TRUE(is_error(msgpack(hex))) << hex << " gave " << msgpack(hex);
  }
}

TEST(Msgpack, RefusesBombs) {
  EXPECT_FALSE(decode_msgpack(std::string(1'000'000, '\x91')));
  EXPECT_TRUE(decode_msgpack(std::string(100, '\x91') + '\x01'));
  EXPECT_FALSE(decode_msgpack(std::string(101, '\x91') + '\x01'));
}

// What `record` writes, `replay` reads: every part of a message comes back.
TEST(RecordedLine, ComesBackAsItWas) {
  model::Message message;
  message.id = "m7";
  message.topic = "a/ü";
  message.payload = std::string("\xff\0\n", 3);
  message.qos = 1;
  message.retained = true;
  message.duplicate = true;
  message.properties = {"text/plain", "answer/here", std::string("\0\1", 2), 60, {{"unit", "C"}}};
  const Instant at{Millis{1'773'144'000'250}};
  const std::string text = write_recorded_line({at, message});
  const auto line = read_recorded_line(text, 3);
  ASSERT_TRUE(line) << text;
  EXPECT_EQ(line->time, at);
  EXPECT_EQ(write_recorded_line(*line), text);
  const auto& read = std::get<model::Message>(line->input);
  EXPECT_EQ(read.payload, message.payload);
  EXPECT_EQ(read.properties.correlation_data, message.properties.correlation_data);
  EXPECT_TRUE(read.retained && read.duplicate && !read.webhook);

  message.id.clear();
  message.webhook = true;
  const auto hook = read_recorded_line(write_recorded_line({at, message}), 3);
  ASSERT_TRUE(hook);
  EXPECT_TRUE(std::get<model::Message>(hook->input).webhook);
  EXPECT_EQ(std::get<model::Message>(hook->input).id, "3") << "a line without id has its number";
  const auto away = read_recorded_line(write_recorded_line({at, model::Absence{true}}), 4);
  ASSERT_TRUE(away && std::get<model::Absence>(away->input).away);
}

TEST(RecordedLine, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"time":"noon","topic":"a"})", R"({"time":"2026-01-01T00:00:00Z"})",
        R"({"time":"2026-01-01T00:00:00Z","away":1})",
        R"({"time":"2026-01-01T00:00:00Z","topic":"a","payload_base64":"*"})",
        R"({"time":"2026-01-01T00:00:00Z","topic":"a","qos":3})"}) {
    EXPECT_FALSE(read_recorded_line(text, 1)) << text;
  }
}

}  // namespace
}  // namespace sundial::decode

// The codec's form, rotation, and what stays of a record on the disk.
#include "agent/adapters/temporal/codec.hpp"

#include <gtest/gtest.h>

#include "agent/adapters/temporal/payloads.hpp"
#include "agent/adapters/temporal/requests.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::temporal {
namespace {

const std::string kKey = "test-key-test-key-test-key-test!";

TEST(Codec, SerializesAsProtobufDoes) {
  // What Python's Payload(metadata={"encoding": b"json/plain"}, data=b'"hi"').SerializeToString() gives.
  EXPECT_EQ(hex_encode(serialize_payload(plain_payload(Value("hi")))),
            "0a160a08656e636f64696e67120a6a736f6e2f706c61696e120422686922");
}

TEST(Codec, ParsesWhatItSerializes) {
  const Payload payload{{{"encoding", "json/plain"}, {"empty", ""}}, std::string(1000, 'x')};
  const auto parsed = parse_payload(serialize_payload(payload));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->metadata, payload.metadata);
  EXPECT_EQ(parsed->data, payload.data);
  for (const char* bad :
       {"\x0a", "\x0a\x05", "\x0a\x02\x0a\x09", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x13"}) {
    EXPECT_FALSE(parse_payload(bad)) << hex_encode(bad);
  }
}

TEST(Codec, EncryptsWithTheFirstAndReadsWithAll) {
  const EncryptionCodec old({{"k1", kKey}});
  const EncryptionCodec rotated({{"k2", std::string(32, 'n')}, {"k1", kKey}});
  const auto encoded = old.encode(plain_payload(Value(21.0)));
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->metadata[0].second, "binary/encrypted");
  EXPECT_EQ(encoded->metadata[1].second, "k1");
  EXPECT_EQ(rotated.decode(*encoded)->data, "21.0");
  EXPECT_EQ(rotated.encode(plain_payload(Value(1)))->metadata[1].second, "k2");
  EXPECT_FALSE(old.decode(*rotated.encode(plain_payload(Value(1)))));
  EXPECT_EQ(old.decode(plain_payload(Value(1)))->data, "1") << "what is plain stays plain";
}

// Made by the codec of Temporal's samples: AESGCM of Python's cryptography over SerializeToString().
TEST(Codec, ReadsWhatTheSamplesWrite) {
  const EncryptionCodec codec({{"test-key-id", kKey}});
  const Payload payload{
      {{"encoding", "binary/encrypted"}, {"encryption-key-id", "test-key-id"}},
      *base64_decode("AAECAwQFBgcICQoL+SuJ2idoYdJlc5Wio/f30eikViKThZLQZ+CjCH6vOunM4HZaS1T5C43lV7YiRQ==")};
  const auto decoded = codec.decode(payload);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->data, "\"hi\"");
}

TEST(Sealer, LeavesNothingPlainAndComesBack) {
  const EncryptionCodec codec({{"k1", kKey}});
  const auto sealer = make_sealer(codec);
  model::OutboxRecord record;
  record.kind = model::ActionKind::signal_with_start;
  Map memo;
  memo.set("note", "secret");
  record.action.set("id", "line-1");
  record.action.set("args", List{Value("secret"), Verbatim{"{\"secret\": 21.0}"}});
  record.action.set("start_args", List{Value("secret")});
  record.action.set("memo", memo);
  const Map before = record.action;
  ASSERT_TRUE(sealer->seal(record));
  EXPECT_EQ(json::write(record.action).find("secret"), std::string::npos);
  EXPECT_EQ(*record.action.find("id")->text(), "line-1");
  record.action.set("workflow", "W");
  record.action.set("name", "add");
  const Sender sender{"default", "q", "bench", "sundial@bench", &codec};
  const auto call = signal_with_start_call(sender, record);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->body.find("secret"), std::string::npos);
  EXPECT_NE(call->body.find("signalInput"), std::string::npos);
  record.action.erase("workflow");
  record.action.erase("name");
  ASSERT_TRUE(sealer->open(record));
  EXPECT_EQ(json::write(*record.action.find("args")), json::write(*before.find("args")));
  EXPECT_EQ(json::write(*record.action.find("memo")), json::write(*before.find("memo")));
  EXPECT_EQ(record.action.find("sealed"), nullptr);
}

TEST(Sealer, FailureDetailsAreSealedToo) {
  const EncryptionCodec codec({{"k1", kKey}});
  model::OutboxRecord record;
  record.kind = model::ActionKind::fail;
  Map failure;
  failure.set("message", "too hot");
  failure.set("details", "secret");
  record.action.set("failure", failure);
  ASSERT_TRUE(make_sealer(codec)->seal(record));
  EXPECT_EQ(json::write(record.action).find("secret"), std::string::npos);
  ASSERT_TRUE(make_sealer(codec)->open(record));
  EXPECT_EQ(*record.action.find("failure")->find("details")->text(), "secret");
}

}  // namespace
}  // namespace sundial::temporal

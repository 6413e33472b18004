// The committed pages are those that the tables give.
#include "agent/config/reference.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "agent/config/sections.hpp"
#include "agent/core/actions/keys.hpp"
#include "platform/json/json.hpp"
#include "tests/agent/config/fake_files.hpp"

namespace sundial::config {
namespace {

std::string committed(const std::string& path) {
  std::ifstream file(std::string(SUNDIAL_TEST_DATA) + "/../../" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// On a failure: `scripts/reference`.
TEST(Reference, PagesAreNotStale) {
  EXPECT_EQ(committed("docs/guide/reference-configuration.md"), reference_markdown())
      << "sundial reference markdown";
  EXPECT_EQ(committed("docs/guide/sundial.schema.json"), json::write_pretty(reference_schema()) + "\n")
      << "sundial reference schema";
  EXPECT_EQ(committed(".env.example"), reference_environment()) << "sundial reference environment";
}

void expect_documented(const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    EXPECT_TRUE(setting.doc.ends_with('.')) << setting.name;
    EXPECT_FALSE(setting.shape == Shape::choice && setting.choices.empty()) << setting.name;
    EXPECT_TRUE(setting.supported) << setting.name << " is not yet supported";
    expect_documented(setting.inner);
  }
}

TEST(Reference, TellsOfEveryKey) {
  for (const TopTable& table : top_tables()) expect_documented(table.settings);
  for (const ActionDoc& action : action_docs()) expect_documented(action_settings(action.kind));
}

TEST(Reference, DefaultsAreAcceptedAsTheyAreWritten) {
  std::string text;
  for (const TopTable& table : top_tables()) {
    text += "[" + table.name + (table.by_id ? ".x]\n" : "]\n");
    if (table.name == "mqtt") text += "url = \"mqtt://b\"\n";
    for (const Setting& setting : table.settings) {
      if (json::parse(setting.fallback)) text += setting.name + " = " + setting.fallback + "\n";
    }
  }
  const Loaded loaded = load_text(text);
  EXPECT_TRUE(hold(problems_of(loaded), {})) << text;
}

// What the package installs, and the same with every comment taken away.
TEST(PackagedSample, Loads) {
  const std::string sample = committed("cmake/package/sundial.toml");
  EXPECT_TRUE(hold(problems_of(load_text(sample)), {}));
  std::string uncommented;
  for (std::string_view line : split(sample, '\n')) {
    const bool setting =
        line.starts_with("# ") && (line.find(" = ") != std::string_view::npos || line.starts_with("# ["));
    uncommented += std::string(setting ? line.substr(2) : line) + "\n";
  }
  const Loaded loaded = load_text(uncommented);
  EXPECT_TRUE(hold(problems_of(loaded), {})) << uncommented;
  EXPECT_FALSE(loaded.configuration.rules.empty());
  EXPECT_FALSE(loaded.configuration.schedules.empty());
}

TEST(Actions, HaveTheKeysThatTheyAreCompiledBy) {
  for (const ActionDoc& action : action_docs()) {
    std::set<std::string> documented;
    std::set<std::string> compiled;
    for (const Setting& setting : action_settings(action.kind)) {
      const actions::Key* key = actions::find_key(action.kind, setting.name);
      EXPECT_EQ(setting.required, key != nullptr && key->required) << setting.name;
      documented.insert(setting.name);
    }
    for (const actions::Key& key : actions::keys_of(action.kind)) compiled.emplace(key.name);
    EXPECT_EQ(documented, compiled) << model::name_of(action.kind);
  }
}

TEST(Schema, KnowsTablesByIdAndLists) {
  const Value schema = reference_schema();
  const Value* rule = schema.find("properties")->find("rule")->find("additionalProperties");
  ASSERT_NE(rule, nullptr);
  EXPECT_NE(rule->find("properties")->find("topic")->find("anyOf"), nullptr);
  EXPECT_EQ(json::write(*rule->find("properties")->find("decode")->find("default")), "\"auto\"");
}

}  // namespace
}  // namespace sundial::config

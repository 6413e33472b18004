// The tree of filter levels behind FilterIndex.
#include "agent/core/rules/filter_index.hpp"

#include <algorithm>
#include <unordered_map>

namespace sundial::rules {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace

struct FilterIndex::Branch {
  std::unordered_map<std::string, std::unique_ptr<Branch>, TextHash, std::equal_to<>> literal;
  std::unique_ptr<Branch> any;
  std::vector<Entry> here;  // filters that end at this level
  std::vector<Entry> rest;  // filters with # after this level
};

FilterIndex::FilterIndex() : root_(std::make_unique<Branch>()) {}
FilterIndex::~FilterIndex() = default;
FilterIndex::FilterIndex(FilterIndex&&) noexcept = default;
FilterIndex& FilterIndex::operator=(FilterIndex&&) noexcept = default;

void FilterIndex::add(const TopicFilter& filter, Entry entry) {
  Branch* branch = root_.get();
  for (const FilterLevel& level : filter.levels) {
    if (level.kind == FilterLevel::Kind::rest) {
      branch->rest.push_back(entry);
      return;
    }
    std::unique_ptr<Branch>& next =
        level.kind == FilterLevel::Kind::any ? branch->any : branch->literal[level.text];
    if (!next) next = std::make_unique<Branch>();
    branch = next.get();
  }
  branch->here.push_back(entry);
}

// Recursion goes no deeper than the longest filter of the configuration.
void FilterIndex::collect(const Branch& branch, const std::vector<std::string_view>& levels,
                          std::size_t depth, std::vector<Entry>& found) {
  const bool wildcards = depth > 0 || !levels.front().starts_with('$');
  if (wildcards) found.insert(found.end(), branch.rest.begin(), branch.rest.end());
  if (depth == levels.size()) {
    found.insert(found.end(), branch.here.begin(), branch.here.end());
    return;
  }
  if (const auto next = branch.literal.find(levels[depth]); next != branch.literal.end()) {
    collect(*next->second, levels, depth + 1, found);
  }
  if (branch.any && wildcards) collect(*branch.any, levels, depth + 1, found);
}

void FilterIndex::match(const std::vector<std::string_view>& levels, std::vector<Entry>& found) const {
  found.clear();
  collect(*root_, levels, 0, found);
  if (found.size() < 2) return;
  std::sort(found.begin(), found.end(), [](const Entry& left, const Entry& right) {
    return left.rule != right.rule ? left.rule < right.rule : left.filter < right.filter;
  });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const Entry& left, const Entry& right) { return left.rule == right.rule; }),
              found.end());
}

}  // namespace sundial::rules

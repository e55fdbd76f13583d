// Which form a convolution is computed in: measured once, remembered, and kept with a learner's state.
#include "core/model/convolution_choices.h"

#include <sys/file.h>
#include <unistd.h>

#include <fcntl.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/model/convolution_memory.h"
#include "core/thread_limit.h"

#include "check.h"

namespace {

using namespace byol;
using Form = ConvolutionForm;
using Direction = ConvolutionDirection;

/// Large enough to be measured; another one for each number.
ConvolutionKey key_of(int64_t number) {
  return {Direction::WeightGradient, {64, 100 + number, 8, 8, 128, 3, 2, {0, 1}, {0, 1}}, at::kBFloat16};
}

/// Takes so many milliseconds, and counts how often it was asked.
struct Computing {
  double library, unfolded;
  int asked = 0;
  Computation computation() {
    return [this](Form form) {
      ++asked;
      std::this_thread::sleep_for(
          std::chrono::duration<double, std::milli>(form == Form::Library ? library : unfolded));
    };
  }
};

Form choose(ConvolutionChoices& choices, const ConvolutionKey& key, Computing& computing) {
  const ConvolutionChoices::Measuring measuring(choices);
  return choices.choose(key, computing.computation());
}

std::string text_of(const at::Tensor& state) {
  const auto* bytes = static_cast<const char*>(state.const_data_ptr());
  return {bytes, bytes + state.numel()};
}

at::Tensor bytes_of(std::string text) {
  return at::from_blob(text.data(), {static_cast<int64_t>(text.size())}, at::kByte).clone();
}

ConvolutionChoices with_state(const at::Tensor& state) {
  return ConvolutionChoices::from_state({{kConvolutions, state}});
}

std::string read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

/// A path in a folder that is there while this is, and nowhere to remember in after it.
struct RememberedIn {
  std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                 ("byol-convolutions-" + std::to_string(getpid()) + std::to_string(rand()));
  std::string path = folder / "cache" / "convolutions.txt";
  ~RememberedIn() {
    remember_forms_in("");
    std::filesystem::remove_all(folder);
  }
};

}  // namespace

TEST(a_choice_is_a_line_of_text) {
  for (const Direction direction : {Direction::Forward, Direction::InputGradient, Direction::WeightGradient}) {
    for (const Form form : {Form::Library, Form::Unfolded}) {
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        const ConvolutionChoice choice{{direction, {1, 2, 3, 4, 5, 6, 7, {8, 9}, {10, 11}}, type}, form};
        CHECK(to_choice(to_text(choice)) == choice);
      }
    }
  }
  const std::string line = to_text({key_of(1), Form::Unfolded});
  CHECK(line ==
        "weight-gradient bfloat16 batch 64 in 101 height 8 width 8 out 128 kernel 3 stride 2 top 0 bottom 1 left 0 "
        "right 1 unfolded");
  for (const std::string& other : {std::string(), line.substr(0, line.size() - 1), line + " ", line + " library",
                                   std::string("backward").append(line, 15), line.substr(0, 40),
                                   std::string("weight-gradient bfloat16 batch -1").append(line, 33)}) {
    CHECK(!to_choice(other));
  }
}

TEST(what_is_much_faster_is_chosen_and_nothing_else) {
  ConvolutionChoices choices;
  Computing faster{8.0, 1.0}, slower{1.0, 8.0}, equal{2.0, 2.0};
  CHECK(choose(choices, key_of(10), faster) == Form::Unfolded);
  CHECK(choose(choices, key_of(11), slower) == Form::Library);
  CHECK(choose(choices, key_of(12), equal) == Form::Library);
}

TEST(a_form_is_measured_once_in_a_process) {
  ConvolutionChoices first, second;
  Computing faster{8.0, 1.0}, slower{1.0, 8.0};
  CHECK(choose(first, key_of(20), faster) == Form::Unfolded);
  const int asked = faster.asked;
  CHECK(asked > 0);
  // Two learners of equal networks choose alike, whatever a second measurement would say.
  CHECK(choose(first, key_of(20), slower) == Form::Unfolded);
  CHECK(choose(second, key_of(20), slower) == Form::Unfolded);
  CHECK(slower.asked == 0);
  CHECK(at::equal(first.state(), second.state()));
  // With another number of threads something else may be fastest; a choice that was made stays.
  const int threads = wanted_threads();
  use_threads(threads + 1);
  CHECK(choose(first, key_of(20), slower) == Form::Unfolded);
  ConvolutionChoices third;
  CHECK(choose(third, key_of(20), slower) == Form::Library);
  use_threads(threads);
}

TEST(only_training_and_only_what_is_worth_it_is_measured) {
  ConvolutionChoices choices;
  Computing faster{8.0, 1.0};
  CHECK(choices.choose(key_of(30), faster.computation()) == Form::Library);
  ConvolutionKey small = key_of(31);
  small.shape.batch = 1;
  CHECK(choose(choices, small, faster) == Form::Library);
  ConvolutionKey few_channels = key_of(32);
  few_channels.shape.out = 32;
  few_channels.shape.batch = 1000;
  CHECK(choose(choices, few_channels, faster) == Form::Library);
  CHECK(faster.asked == 0);
  CHECK(text_of(choices.state()) == "others measured\n");
  CHECK(choose(choices, key_of(30), faster) == Form::Unfolded);
  // Evaluations use what training found, also for their own number of images.
  const int asked = faster.asked;
  ConvolutionKey other_batch = key_of(30), other_size = key_of(30);
  other_batch.shape.batch = 100;
  other_size.shape.height = 16;
  CHECK(choices.choose(key_of(30), faster.computation()) == Form::Unfolded);
  CHECK(choices.choose(other_batch, faster.computation()) == Form::Unfolded);
  CHECK(choices.choose(other_size, faster.computation()) == Form::Library);
  CHECK(faster.asked == asked);
}

TEST(a_state_holds_the_choices) {
  ConvolutionChoices choices;
  Computing faster{8.0, 1.0}, slower{1.0, 8.0};
  choose(choices, key_of(40), faster);
  choose(choices, key_of(41), slower);
  const std::string text = text_of(choices.state());
  CHECK(text == "others measured\n" + to_text({key_of(40), Form::Unfolded}) + "\n" +
                    to_text({key_of(41), Form::Library}) + "\n");
  // Also where this process would choose otherwise.
  ConvolutionChoices other = with_state(bytes_of("others measured\n" + to_text({key_of(40), Form::Library}) + "\n" +
                                                 to_text({key_of(41), Form::Unfolded}) + "\n"));
  CHECK(choose(other, key_of(40), faster) == Form::Library);
  CHECK(choose(other, key_of(41), slower) == Form::Unfolded);
  // What it does not hold is measured.
  CHECK(choose(other, key_of(42), faster) == Form::Unfolded);
}

TEST(a_state_of_an_earlier_version_knows_the_library_only) {
  Computing faster{8.0, 1.0};
  ConvolutionChoices choices = ConvolutionChoices::from_state({});
  CHECK(choose(choices, key_of(50), faster) == Form::Library);
  // And so do those that come after it.
  ConvolutionChoices resumed = with_state(choices.state());
  CHECK(choose(resumed, key_of(50), faster) == Form::Library);
  CHECK(faster.asked == 0);
}

TEST(a_state_that_says_something_else_is_refused) {
  const std::string line = to_text({key_of(60), Form::Unfolded});
  for (const at::Tensor& state :
       {bytes_of(""), bytes_of("others guessed\n"), bytes_of("others measured\n" + line + "x\n"), bytes_of(line + "\n"),
        at::zeros({3}), at::zeros({1, 3}, at::kByte)}) {
    std::string code = "none";
    try {
      with_state(state);
    } catch (const Error& error) {
      code = error.code();
    }
    CHECK(code == "ERR_BYOL_CHECKPOINT");
  }
}

TEST(a_file_remembers_what_was_measured_for_other_processes) {
  const RememberedIn remembered;
  remember_forms_in(remembered.path);
  Computing faster{8.0, 1.0};
  ConvolutionChoices choices;
  choose(choices, key_of(70), faster);
  const std::string written = read(remembered.path), choice = to_text({key_of(70), Form::Unfolded});
  CHECK(written.ends_with('\t' + choice + '\n'));

  // Of another process: the same machine's prefix before other choices, the first of which counts; another machine's;
  // and a line that was cut off.
  const std::string prefix = written.substr(0, written.rfind('\t') + 1);
  const auto line = [&](int64_t number, Form form) { return prefix + to_text({key_of(number), form}) + "\n"; };
  std::ofstream(remembered.path, std::ios::app)
      << line(71, Form::Library) << line(71, Form::Unfolded) << "another " << line(72, Form::Library) << "\n\t\t\n"
      << line(73, Form::Library).substr(0, prefix.size() + 30);
  remember_forms_in(remembered.path);
  CHECK(choose(choices, key_of(71), faster) == Form::Library);
  CHECK(choose(choices, key_of(72), faster) == Form::Unfolded);
  CHECK(choose(choices, key_of(73), faster) == Form::Unfolded);
  const std::string whole = read(remembered.path);
  CHECK(whole.ends_with('\n' + line(73, Form::Unfolded)));

  // Written between the look for it and the end of the measurement: the first is right.
  const Computation overtaken = [&, once = true](Form form) mutable {
    if (std::exchange(once, false)) std::ofstream(remembered.path, std::ios::app) << line(74, Form::Library);
    faster.computation()(form);
  };
  const ConvolutionChoices::Measuring measuring(choices);
  CHECK(choices.choose(key_of(74), overtaken) == Form::Library);
}

TEST(a_file_that_cannot_be_used_is_none) {
  const RememberedIn remembered;
  Computing faster{8.0, 1.0};
  ConvolutionChoices choices;
  for (int64_t number = 80; const std::string& path : {std::string("/proc/none/convolutions.txt"), std::string("/proc"),
                                                       std::string("/dev/full"), std::string("")}) {
    remember_forms_in(path);
    CHECK(choose(choices, key_of(number++), faster) == Form::Unfolded);
  }
  // One that a stopped process holds.
  std::filesystem::create_directories(remembered.folder / "cache");
  const int holder = open(remembered.path.c_str(), O_RDWR | O_CREAT, 0644);
  CHECK(flock(holder, LOCK_EX) == 0);
  remember_forms_in(remembered.path);
  CHECK(choose(choices, key_of(90), faster) == Form::Unfolded);
  CHECK(read(remembered.path).empty());
  close(holder);
  // One that has grown beyond use begins anew.
  std::ofstream(remembered.path) << std::string((1 << 20) + 1, 'x');
  CHECK(choose(choices, key_of(91), faster) == Form::Unfolded);
  const std::string text = read(remembered.path);
  CHECK(text.size() < 1000 && text.ends_with(to_text({key_of(91), Form::Unfolded}) + "\n"));
}

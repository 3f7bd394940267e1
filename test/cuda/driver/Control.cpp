// Branches, ends, barriers, and exchanges between lanes. They have no function of lanes: the block
// does them.
#include "test/cuda/driver/Decoder.h"

namespace bregman::standin {

namespace {

void barrier(Decoder &d) {
  bool ofWarp = d.take("warp");
  d.take("cta");
  d.need("sync");
  d.take("aligned");
  d.out.flow = ofWarp ? Flow::WarpBarrier : Flow::Barrier;
  if (ofWarp) {
    d.needOperands(1);
    d.out.from[4] = d.source(0, Type::U32);
    return;
  }
  if (d.operands() != 1 || d.operand(0).kind != RawOperand::Number || d.operand(0).bits != 0)
    d.fail("only barrier 0, for all threads, is known");
}

void shuffle(Decoder &d) {
  d.need("sync");
  d.out.mode = d.takeOneOf({"up", "down", "bfly", "idx"});
  if (d.out.mode < 0)
    d.fail("which way?");
  d.need("b32");
  d.needOperands(5);
  d.out.flow = Flow::Shuffle;
  const RawOperand &to = d.operand(0);
  bool isPair = to.kind == RawOperand::Pair;
  d.out.to[0] = d.target(isPair ? to.elements[0] : to, Type::U32);
  d.out.to[1] = isPair ? d.target(to.elements[1], Type::Pred) : d.names.fresh(1);
  for (size_t i = 0; i < 3; ++i)
    d.out.from[i] = d.source(i + 1, Type::U32);
  d.out.from[4] = d.source(4, Type::U32);
}

void vote(Decoder &d) {
  d.need("sync");
  d.out.mode = d.takeOneOf({"all", "any", "uni", "ballot"});
  if (d.out.mode < 0)
    d.fail("which one?");
  Type type = d.takeType();
  d.needOperands(3);
  d.out.flow = Flow::Vote;
  d.out.to[0] = d.target(0, type);
  d.out.from[0] = d.source(1, Type::Pred);
  d.out.sat = d.operand(1).negated;
  d.out.from[4] = d.source(2, Type::U32);
}

} // namespace

bool decodeControl(Decoder &d) {
  const std::string &base = d.base();
  if (base == "bra") {
    d.out.mode = d.take("uni");
    d.needOperands(1);
    d.out.flow = Flow::Branch;
    d.out.target = d.label(0);
  } else if (base == "ret" || base == "exit") {
    d.take("uni");
    d.out.flow = Flow::Exit;
  } else if (base == "trap") {
    d.out.flow = Flow::Trap;
  } else if (base == "bar" || base == "barrier") {
    barrier(d);
  } else if (base == "shfl") {
    shuffle(d);
  } else if (base == "vote") {
    vote(d);
  } else {
    return false;
  }
  return true;
}

} // namespace bregman::standin

package dev.ashlar.bench.measure;

class CallbackWindowTest extends WindowContract {
  @Override
  double perSecond(final int depth, final AsyncWindow.Operation operation) {
    return new CallbackWindow(depth).perSecond(SLICE, operation);
  }
}

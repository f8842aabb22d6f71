package org.sipproxy.core.internal.dns;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Collects the results of a resolver as texts: {@code "udp 192.0.2.1:5060, tcp …"} or {@code "NO_SUCH_HOST: why"}. */
final class Answered implements NextHopResolver.Callback {

    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    @Override
    public void resolved(List<NextHop> nextHops) {
        answers.add(String.join(", ", nextHops.stream().map(FakeDns::text).toList()));
    }

    @Override
    public void failed(ResolutionFailure failure) {
        answers.add(failure.reason() + ": " + failure.text());
    }

    /** Returns the results so far, all calls of the callback in one text; empty if it was not called. */
    String now() {
        return String.join(" AND ", answers);
    }

    int calls() {
        return answers.size();
    }

    /** Waits for the result. */
    String await() throws InterruptedException {
        String answer = answers.poll(10, TimeUnit.SECONDS);
        return answer == null ? "no answer in 10 s" : answer;
    }
}

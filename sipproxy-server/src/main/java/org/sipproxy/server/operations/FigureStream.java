package org.sipproxy.server.operations;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.server.control.ControlSink;
import org.sipproxy.server.control.ControlStream;

/** Stream of {@link KeyFigures} at an interval. */
final class FigureStream implements ControlStream {

    private final ServerOperations server;
    private final int intervalMillis;

    FigureStream(ServerOperations server, int intervalMillis) {
        this.server = server;
        this.intervalMillis = intervalMillis;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the executor
    public Subscription open(ControlSink sink) {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "monitor");
            thread.setDaemon(true);
            return thread;
        });
        Runnable send = () -> {
            if (!sink.send(server.keyFigures())) {
                timer.shutdown();
            }
        };
        timer.scheduleAtFixedRate(send, 0, intervalMillis, TimeUnit.MILLISECONDS);
        return timer::shutdownNow;
    }
}

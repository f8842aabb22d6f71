package org.sipproxy.server.operations;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.server.control.ControlSink;
import org.sipproxy.server.control.ControlStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stream of {@link KeyFigures} at an interval. */
final class FigureStream implements ControlStream {

    private static final Logger LOG = LoggerFactory.getLogger(FigureStream.class);

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
            try {
                if (!sink.send(server.keyFigures())) {
                    timer.shutdown();
                }
            } catch (RuntimeException e) { // the timer would not run the task again, and the client would wait
                LOG.warn("the figures cannot be read, so the monitor ends: {}", e.toString());
                timer.shutdown();
                sink.end();
            }
        };
        timer.scheduleAtFixedRate(send, 0, intervalMillis, TimeUnit.MILLISECONDS);
        return timer::shutdownNow;
    }
}

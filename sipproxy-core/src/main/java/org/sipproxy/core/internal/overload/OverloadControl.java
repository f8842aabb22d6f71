package org.sipproxy.core.internal.overload;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.transport.InboundQueue;
import org.sipproxy.core.options.ProxyClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Overload control of one proxy: the queues of its receivers, their counters, and the report of an overload in log and
 * health.
 *
 * <p>Thread-safe.
 */
public final class OverloadControl {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private static final Duration PACE = Duration.ofSeconds(10);

    /** An overload is over when nothing has been refused for this long. */
    private static final long CALM_NANOS = 2_000_000_000L;

    private final ProxyClock clock;
    private final long targetNanos;
    private final RegisteredUsers users;
    private final LogPace began = new LogPace(PACE);
    private final LogPace ended = new LogPace(PACE);

    final LongAdder queued = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder dropped = new LongAdder();
    final AtomicInteger waiting = new AtomicInteger();

    private final LongAdder invitesShed = new LongAdder();
    private final LongAdder invitesHandled = new LongAdder();

    private volatile long lastShedNanos;
    /** Of 1,024 new INVITEs that waited within the last second, how many were refused or dropped. */
    private volatile int shedOf1024;

    private volatile boolean overloaded;
    /** Counters when the current overload began. Guarded by this. */
    private long refusedBefore;

    private long droppedBefore;
    private long beganNanos;

    /**
     * Creates the control.
     *
     * @param target how long a message may wait before new work is refused; zero for no control
     */
    public OverloadControl(Duration target, ProxyClock clock) {
        this.clock = clock;
        this.targetNanos = target.toNanos();
        this.users = new RegisteredUsers(clock.nanoTime());
        this.lastShedNanos = clock.nanoTime() - CALM_NANOS;
    }

    /** Returns false if the host application has switched the control off. */
    public boolean isOn() {
        return targetNanos > 0;
    }

    /** Returns a queue for one receiver. */
    public InboundQueue queueFor(MessageSink sink) {
        return new ReceiverQueue(this, sink, clock, targetNanos);
    }

    /**
     * Records a successful REGISTER, so that its refresh is served before new work.
     *
     * @param to the value of its To
     */
    public void registered(byte[] to) {
        if (isOn()) {
            users.add(Classifier.userHash(to, 0, to.length), clock.nanoTime());
        }
    }

    Priority classify(byte[] wire) {
        return Classifier.classify(wire, users::contains);
    }

    /**
     * Returns true if a message of a stream is refused. Streams have no queue here, so the same share of their new calls
     * is refused as of those over UDP.
     */
    public boolean refusesFromStream(byte[] wire) {
        return overloaded
                && ThreadLocalRandom.current().nextInt(1_024) < shedOf1024
                && classify(wire) == Priority.INVITE;
    }

    /**
     * Counts a message of a stream.
     *
     * @param isRefused false if it had to be handled
     */
    public void refusedFromStream(boolean isRefused) {
        if (isRefused) {
            refused.increment();
        }
    }

    /** Counts an INVITE that starts a call and waited. */
    void countInvite(Priority priority, boolean isHandled) {
        if (priority == Priority.INVITE) {
            (isHandled ? invitesHandled : invitesShed).increment();
        }
    }

    /** Records that something was refused or dropped. */
    void shed(long nowNanos) {
        lastShedNanos = nowNanos;
        if (!overloaded) {
            begin(nowNanos);
        }
    }

    private synchronized void begin(long nowNanos) {
        if (overloaded) {
            return;
        }
        overloaded = true;
        beganNanos = nowNanos;
        refusedBefore = refused.sum();
        droppedBefore = dropped.sum();
        if (began.isDue()) {
            LOG.warn(
                    "overload: messages wait longer than {} ms, new calls get 503; established calls go on. Add CPU, or"
                            + " limit what arrives ({} more since the last such line)",
                    targetNanos / 1_000_000,
                    began.takeOmitted());
        }
    }

    /** Updates the share of calls that is refused, and ends an overload that is over. Called about once per second. */
    public void check() {
        long shed = invitesShed.sumThenReset();
        long all = shed + invitesHandled.sumThenReset();
        shedOf1024 = all == 0 ? 0 : (int) (shed * 1_024 / all);
        if (overloaded && clock.nanoTime() - lastShedNanos > CALM_NANOS) {
            end();
        }
    }

    private synchronized void end() {
        overloaded = false;
        if (ended.isDue()) {
            LOG.info(
                    "overload is over after {} s: {} requests got 503, {} messages were dropped ({} more since the last"
                            + " such line)",
                    (lastShedNanos - beganNanos) / 1_000_000_000L,
                    refused.sum() - refusedBefore,
                    dropped.sum() - droppedBefore,
                    ended.takeOmitted());
        }
    }

    /** Returns true from the first request that is refused until none has been for two seconds. */
    public boolean isOverloaded() {
        return overloaded;
    }

    /** Returns how many messages have waited in a queue because a receiver was behind. */
    public long queued() {
        return queued.sum();
    }

    /** Returns how many messages wait now. */
    public int waiting() {
        return waiting.get();
    }

    /** Returns how many requests got 503. */
    public long refused() {
        return refused.sum();
    }

    /** Returns how many messages were dropped without a response. */
    public long dropped() {
        return dropped.sum();
    }
}

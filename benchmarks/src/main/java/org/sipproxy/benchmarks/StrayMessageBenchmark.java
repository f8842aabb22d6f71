package org.sipproxy.benchmarks;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.InviteServerTransaction;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.core.internal.transaction.TransactionTimers;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;

/**
 * Cost of detecting a stray CANCEL and a stray 2xx, from the bytes on: with no live transaction and with 100,000 of
 * them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class StrayMessageBenchmark {

    private static final ResponsePath NOWHERE = new ResponsePath() {
        @Override
        public void send(byte[] wire, SendFailure onFailure) {}

        @Override
        public boolean isReliable() {
            return true; // no retransmissions during the measurement
        }
    };

    @Param({"0", "100000"})
    private int live;

    private final ProxyClock clock = ProxyClock.system();
    private final TransactionTable table = new TransactionTable(
            new TimerWheel(clock.nanoTime()),
            clock,
            TransactionTimers.of(SipTimers.DEFAULT),
            1 << 20,
            new TransactionBudget(1L << 40));
    private final byte[] cancel = Messages.cancel(-1);
    private byte[] success = {};

    /** Opens the transactions and writes a response whose branch looks like one of the proxy. */
    @Setup
    public void open() throws SipParseException {
        for (int i = 0; i < live; i++) {
            SipRequest invite = (SipRequest) SipMessage.parse(Messages.invite(i), ParseLimits.DEFAULT);
            table.addIfAbsent(new InviteServerTransaction(
                    TransactionKey.of(invite), table, NOWHERE, invite.index().length(), null));
        }
        Branches branches = new Branches();
        ByteWriter out = new ByteWriter(512);
        out.text("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=");
        branches.write(out, branches.next(), 1);
        out.text("""
                \r
                Via: SIP/2.0/UDP 127.0.0.1:5098;branch=z9hG4bK1\r
                From: <sip:a@example.test>;tag=1\r
                To: <sip:b@example.test>;tag=2\r
                Call-ID: stray\r
                CSeq: 1 INVITE\r
                Content-Length: 0\r
                \r
                """);
        success = out.toBytes();
    }

    /** A CANCEL without its INVITE. */
    @Benchmark
    public boolean strayCancel() throws SipParseException {
        SipRequest request = (SipRequest) SipMessage.parse(cancel, ParseLimits.DEFAULT);
        TransactionKey key = TransactionKey.of(request);
        return table.server(key) == null && table.lingering(key) == null;
    }

    /** A 200 without its INVITE. */
    @Benchmark
    public @Nullable Object straySuccess() throws SipParseException {
        SipResponse response = (SipResponse) SipMessage.parse(success, ParseLimits.DEFAULT);
        Via via = response.topVia();
        if (!Branches.isOwnBranch(response.index(), via)) {
            throw new IllegalStateException("the branch does not look like one of the proxy");
        }
        long branch = Branches.number(response.index(), via);
        return table.client(branch, false) == null && table.upstreamOfAccepted(branch) == null ? response : null;
    }
}

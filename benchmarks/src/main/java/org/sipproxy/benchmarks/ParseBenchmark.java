package org.sipproxy.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/** Cost of reading a message in the engine: the index, the checks, and the values that routing needs. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ParseBenchmark {

    private final byte[] register = Messages.register(1, 1);
    private final byte[] invite = Messages.invite(1);

    /** Creates the byte index of a REGISTER. */
    @Benchmark
    public SipMessage indexRegister() throws SipParseException {
        return SipMessage.parse(register, ParseLimits.DEFAULT);
    }

    /** Creates the byte index of an INVITE with a body. */
    @Benchmark
    public SipMessage indexInvite() throws SipParseException {
        return SipMessage.parse(invite, ParseLimits.DEFAULT);
    }

    /** Creates the index and checks the request (RFC 3261 §16.3 step 1). */
    @Benchmark
    public SipMessage checkRegister() throws SipParseException {
        SipMessage message = SipMessage.parse(register, ParseLimits.DEFAULT);
        MessageSanity.check((org.sipproxy.message.SipRequest) message);
        return message;
    }

    /** Reads the values that the registrar needs. */
    @Benchmark
    public int contactOfRegister() throws SipParseException {
        SipMessage message = SipMessage.parse(register, ParseLimits.DEFAULT);
        return message.addresses(HeaderName.CONTACT).size();
    }
}

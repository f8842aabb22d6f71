package org.sipproxy.core.internal.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.core.internal.time.Guard;

@Timeout(60)
class GuardedLoopsTest {

    private final AtomicInteger failures = new AtomicInteger();

    /** Returns Netty's selector loop, whose work fails three times with an Error. */
    private IoHandlerFactory failing() {
        IoHandlerFactory real = NioIoHandler.newFactory();
        return executor -> {
            IoHandler handler = real.newHandler(executor);
            return (IoHandler) Proxy.newProxyInstance(
                    IoHandler.class.getClassLoader(), new Class<?>[] {IoHandler.class}, (proxy, method, args) -> {
                        if (method.getName().equals("run") && failures.incrementAndGet() <= 3) {
                            throw new OutOfMemoryError("of the test");
                        }
                        try {
                            return method.invoke(handler, args);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        };
    }

    @Test
    void anErrorOfTheLoopItselfDoesNotEndIt() throws Exception {
        long before = Guard.outOfMemoryErrors();
        GuardedLoops loops = new GuardedLoops(1, new DefaultThreadFactory("loops", true), failing());
        try {
            EventLoop loop = loops.next();
            for (int i = 0; i < 5; i++) {
                loop.submit(() -> {}).sync();
            }
            assertThat(loop.schedule(() -> "on time", 20, TimeUnit.MILLISECONDS).get())
                    .isEqualTo("on time");
            assertThat(failures).hasValueGreaterThan(3);
            assertThat(Guard.outOfMemoryErrors()).isGreaterThanOrEqualTo(before + 3);
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
        assertThat(loops.isTerminated()).isTrue();
    }
}

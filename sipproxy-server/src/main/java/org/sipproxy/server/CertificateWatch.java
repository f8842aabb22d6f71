package org.sipproxy.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Task that reloads the certificate of a proxy when one of its files has changed, as after a renewal. */
final class CertificateWatch implements ServerPart {

    private static final Logger LOG = LoggerFactory.getLogger(CertificateWatch.class);

    private static final long SECONDS = 60;

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "certificate-watch");
        thread.setDaemon(true);
        return thread;
    });
    private List<FileTime> seen = List.of();

    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the executor
    @Override
    public void start(SipProxy proxy) {
        seen = times(files(proxy));
        timer.scheduleWithFixedDelay(() -> look(proxy), SECONDS, SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Checks the files once. If they do not match because one is being written, they are read again at the next change.
     */
    void look(SipProxy proxy) {
        List<Path> files = files(proxy);
        List<FileTime> now = times(files);
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            proxy.reloadTls();
            LOG.info("certificate reloaded: {}", files.get(0));
        } catch (RuntimeException e) { // the timer would not run the task again
            LOG.error("the certificate cannot be reloaded, the previous one stays in use: {}", e.getMessage());
        }
    }

    /** Returns the files that are in use, which a reload may have changed. */
    private static List<Path> files(SipProxy proxy) {
        List<Path> files = new ArrayList<>();
        proxy.settings().tls().ifPresent(settings -> {
            settings.certificate().ifPresent(files::add);
            settings.key().ifPresent(files::add);
            settings.trust().ifPresent(files::add);
        });
        return files;
    }

    private static List<FileTime> times(List<Path> files) {
        List<FileTime> times = new ArrayList<>();
        for (Path file : files) {
            try {
                times.add(Files.getLastModifiedTime(file));
            } catch (IOException e) {
                times.add(FileTime.fromMillis(0)); // missing, or being replaced
            }
        }
        return times;
    }

    @Override
    public void stop() {
        timer.shutdownNow();
    }
}

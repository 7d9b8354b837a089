import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs many of Apache Kafka's tools in one JVM. Each line of stdin is an invocation: class, stdin, arguments, all in
 * base64 with blanks between. Each answer is a line: exit code, stdout, stderr, likewise. Whoever exits is stopped
 * where it stands, as System.exit would, but the JVM lives on.
 */
public class ApacheTools {
    private static final long LONGEST_SECONDS = 60;

    /** What one invocation prints, and how it ended. */
    private static final class Run {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final CountDownLatch ended = new CountDownLatch(1);
        final List<Runnable> hooks = new CopyOnWriteArrayList<>();
        private int code = -1;
        private boolean isClosed = false;

        synchronized void end(int code) {
            if (ended.getCount() > 0) {
                this.code = code;
                ended.countDown();
            }
        }

        /** What tools leave for the end of their JVM, as the producer does the sending of its last records. */
        void runHooks() throws InterruptedException {
            for (Runnable hook : hooks) {
                Thread thread = new Thread(() -> {
                    CURRENT.set(this);
                    hook.run();
                });
                thread.setDaemon(true);
                thread.start();
                thread.join(TimeUnit.SECONDS.toMillis(LONGEST_SECONDS / 4));
            }
            synchronized (this) {
                isClosed = true;
            }
        }

        synchronized void write(ByteArrayOutputStream to, byte[] bytes, int offset, int length) {
            if (!isClosed) {
                to.write(bytes, offset, length);
            }
        }
    }

    /** The invocation that a thread, or whoever started it, belongs to. */
    private static final InheritableThreadLocal<Run> CURRENT = new InheritableThreadLocal<>();
    private static final Run NOBODY = new Run();
    private static volatile InputStream input = InputStream.nullInputStream();

    private static Run current() {
        Run run = CURRENT.get();
        return run == null ? NOBODY : run;
    }

    private static OutputStream capture(boolean isOut) {
        return new OutputStream() {
            @Override
            public void write(int b) {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                Run run = current();
                run.write(isOut ? run.out : run.err, bytes, offset, length);
            }
        };
    }

    /** The permissions of everybody, except to end the JVM. */
    @SuppressWarnings("removal")
    private static final class Exits extends SecurityManager {
        @Override
        public void checkPermission(java.security.Permission permission) {
        }

        @Override
        public void checkPermission(java.security.Permission permission, Object context) {
        }

        @Override
        public void checkExit(int status) {
            if (isLast) {
                return;
            }
            current().end(status);
            while (true) {
                try {
                    Thread.sleep(Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    // Nothing comes after an exit.
                }
            }
        }
    }

    private static volatile boolean isLast = false;

    private static Run run(String name, byte[] stdin, String[] args) throws Exception {
        Run run = new Run();
        input = new ByteArrayInputStream(stdin);
        Thread thread = new Thread(() -> {
            CURRENT.set(run);
            try {
                Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) args);
                run.end(0);
            } catch (java.lang.reflect.InvocationTargetException e) {
                System.err.print("Exception in thread \"main\" ");
                e.getCause().printStackTrace();
                run.end(1);
            } catch (Throwable e) {
                e.printStackTrace();
                run.end(1);
            }
        }, "main");
        thread.setDaemon(true);
        thread.start();
        if (!run.ended.await(LONGEST_SECONDS, TimeUnit.SECONDS)) {
            run.end(-1);
        }
        run.runHooks();
        return run;
    }

    private static String encoded(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    @SuppressWarnings("removal")
    public static void main(String[] unused) throws Exception {
        PrintStream answers = System.out;
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        System.setOut(new PrintStream(capture(true), true));
        System.setErr(new PrintStream(capture(false), true));
        System.setIn(new InputStream() {
            @Override
            public int read() throws java.io.IOException {
                return input.read();
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws java.io.IOException {
                return input.read(bytes, offset, length);
            }

            @Override
            public int available() throws java.io.IOException {
                return input.available();
            }
        });
        System.setSecurityManager(new Exits());
        Exit.setShutdownHookAdder((name, hook) -> current().hooks.add(hook));
        String line;
        while ((line = lines.readLine()) != null) {
            String[] parts = line.split(" ", -1);
            String[] args = new String[parts.length - 2];
            for (int at = 0; at < args.length; at++) {
                args[at] = new String(Base64.getDecoder().decode(parts[at + 2]), StandardCharsets.UTF_8);
            }
            String name = new String(Base64.getDecoder().decode(parts[0]), StandardCharsets.UTF_8);
            Run run = run(name, Base64.getDecoder().decode(parts[1]), args);
            answers.println(run.code + " " + encoded(run.out.toByteArray()) + " " + encoded(run.err.toByteArray()));
            answers.flush();
        }
        isLast = true;
        System.exit(0);
    }
}

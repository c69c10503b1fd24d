#!/usr/bin/env python3
"""Makes reference.json, some frames of the log-mel spectrogram of a sound, by the formula of OpenAI's
whisper/audio.py and librosa.filters.mel in numpy.

    pip install numpy
    ./reference.py > reference.json
"""
import json

import numpy as np

RATE, WIDTH, HOP, BANDS, WINDOW = 16_000, 400, 160, 80, 480_000


def sound():
    noise, samples = 12_345, []
    for i in range(40_000):
        noise = (noise * 1_664_525 + 1_013_904_223) % 2**32
        t = i / RATE
        tones = 0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 3_000 * t * t)
        samples.append(tones + 0.05 * (noise / (2**32 - 1) - 0.5))
    return np.array(samples, np.float32)


def mel_to_hz(mels):
    log_step, knee = np.log(6.4) / 27.0, 15.0
    return np.where(mels < knee, mels * 200.0 / 3, 1_000.0 * np.exp(log_step * (mels - knee)))


def filters():
    top = 15.0 + np.log(8.0) / (np.log(6.4) / 27.0)
    edges = mel_to_hz(np.linspace(0, top, BANDS + 2))
    widths, ramps = np.diff(edges), np.subtract.outer(edges, np.fft.rfftfreq(WIDTH, 1 / RATE))
    rising, falling = -ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]


samples = sound()
padded = np.pad(np.pad(samples, (0, WINDOW - len(samples))).astype(np.float64), WIDTH // 2, mode="reflect")
hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WIDTH) / WIDTH)
frames = np.lib.stride_tricks.sliding_window_view(padded, WIDTH)[::HOP][:3_000]
power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
log = np.log10(np.maximum(filters() @ power.T, 1e-10))
mel = (np.maximum(log, log.max() - 8.0) + 4.0) / 4.0
chosen = [0, 1, 2, 100, 200, 248, 249, 250, 251, 2_999]
print(json.dumps({t: [round(float(x), 5) for x in mel[:, t]] for t in chosen}))

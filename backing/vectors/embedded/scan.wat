;; How like rows are to a question. Node runs scan.wasm, which wat2wasm (of the npm package wabt) makes of this text.
(module
  (import "arena" "memory" (memory 1))

  ;; Scores $count rows and writes the number (i32) and score (f32) of each that scores at least $least from $hits on;
  ;; gives how many. A row is $width bytes from -127 to 127, a question $width components of 16 bits, and $norms one f32
  ;; a row, its share of the score. $width is a multiple of 32.
  (func (export "scan")
    (param $rows i32) (param $norms i32) (param $count i32) (param $width i32)
    (param $question i32) (param $least f32) (param $hits i32) (result i32)
    (local $row i32) (local $at i32) (local $end i32) (local $asked i32) (local $hit i32)
    (local $score f32) (local $even v128) (local $odd v128)
    (local.set $hit (local.get $hits))
    (local.set $at (local.get $rows))
    (block $done
      (br_if $done (i32.eqz (local.get $count)))
      (loop $each_row
        (local.set $asked (local.get $question))
        (local.set $end (i32.add (local.get $at) (local.get $width)))
        (local.set $even (v128.const i32x4 0 0 0 0))
        (local.set $odd (v128.const i32x4 0 0 0 0))
        (loop $each_32
          (local.set $even (i32x4.add (local.get $even)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $at)) (v128.load (local.get $asked)))))
          (local.set $odd (i32x4.add (local.get $odd)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $at)) (v128.load offset=16 (local.get $asked)))))
          (local.set $even (i32x4.add (local.get $even)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=16 (local.get $at)) (v128.load offset=32 (local.get $asked)))))
          (local.set $odd (i32x4.add (local.get $odd)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=24 (local.get $at)) (v128.load offset=48 (local.get $asked)))))
          (local.set $asked (i32.add (local.get $asked) (i32.const 64)))
          (br_if $each_32 (i32.lt_u
            (local.tee $at (i32.add (local.get $at) (i32.const 32)))
            (local.get $end))))
        (local.set $even (i32x4.add (local.get $even) (local.get $odd)))
        (local.set $score (f32.mul
          (f32.load (local.get $norms))
          (f32.convert_i32_s (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $even)) (i32x4.extract_lane 1 (local.get $even)))
            (i32.add (i32x4.extract_lane 2 (local.get $even)) (i32x4.extract_lane 3 (local.get $even)))))))
        (if (f32.ge (local.get $score) (local.get $least))
          (then
            (i32.store (local.get $hit) (local.get $row))
            (f32.store offset=4 (local.get $hit) (local.get $score))
            (local.set $hit (i32.add (local.get $hit) (i32.const 8)))))
        (local.set $norms (i32.add (local.get $norms) (i32.const 4)))
        (br_if $each_row (i32.lt_u
          (local.tee $row (i32.add (local.get $row) (i32.const 1)))
          (local.get $count)))))
    (i32.shr_u (i32.sub (local.get $hit) (local.get $hits)) (i32.const 3)))

  ;; Writes to $cosines, as four f32, the cosines of four questions of length 1 with a row that $bytes and $rest, of a
  ;; 254th of a step, stand for; 0 where it is all zero. The questions are f32, four components of each in turn. $width, of
  ;; the row, is a multiple of 8 above 0.
  (func (export "cosines")
    (param $bytes i32) (param $rest i32) (param $width i32) (param $questions i32) (param $cosines i32)
    (local $end i32) (local $eight v128) (local $four v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $squares v128) (local $length f32)
    (local.set $end (i32.add (local.get $bytes) (local.get $width)))
    (loop $each_8
      ;; In 254ths of a step a component is a whole number of 16 bits.
      (local.set $eight (i16x8.add
        (i16x8.mul (v128.load8x8_s (local.get $bytes)) (v128.const i16x8 254 254 254 254 254 254 254 254))
        (v128.load8x8_s (local.get $rest))))
      (local.set $four (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $eight))))
      (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $four) (v128.load (local.get $questions)))))
      (local.set $b (f32x4.add (local.get $b)
        (f32x4.mul (local.get $four) (v128.load offset=16 (local.get $questions)))))
      (local.set $c (f32x4.add (local.get $c)
        (f32x4.mul (local.get $four) (v128.load offset=32 (local.get $questions)))))
      (local.set $d (f32x4.add (local.get $d)
        (f32x4.mul (local.get $four) (v128.load offset=48 (local.get $questions)))))
      (local.set $squares (f32x4.add (local.get $squares) (f32x4.mul (local.get $four) (local.get $four))))
      (local.set $four (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $eight))))
      (local.set $a (f32x4.add (local.get $a)
        (f32x4.mul (local.get $four) (v128.load offset=64 (local.get $questions)))))
      (local.set $b (f32x4.add (local.get $b)
        (f32x4.mul (local.get $four) (v128.load offset=80 (local.get $questions)))))
      (local.set $c (f32x4.add (local.get $c)
        (f32x4.mul (local.get $four) (v128.load offset=96 (local.get $questions)))))
      (local.set $d (f32x4.add (local.get $d)
        (f32x4.mul (local.get $four) (v128.load offset=112 (local.get $questions)))))
      (local.set $squares (f32x4.add (local.get $squares) (f32x4.mul (local.get $four) (local.get $four))))
      (local.set $rest (i32.add (local.get $rest) (i32.const 8)))
      (local.set $questions (i32.add (local.get $questions) (i32.const 128)))
      (br_if $each_8 (i32.lt_u
        (local.tee $bytes (i32.add (local.get $bytes) (i32.const 8)))
        (local.get $end))))
    (local.set $length (f32.sqrt (call $sum (local.get $squares))))
    (if (f32.eq (local.get $length) (f32.const 0))
      (then (local.set $length (f32.const inf))))
    (f32.store (local.get $cosines) (f32.div (call $sum (local.get $a)) (local.get $length)))
    (f32.store offset=4 (local.get $cosines) (f32.div (call $sum (local.get $b)) (local.get $length)))
    (f32.store offset=8 (local.get $cosines) (f32.div (call $sum (local.get $c)) (local.get $length)))
    (f32.store offset=12 (local.get $cosines) (f32.div (call $sum (local.get $d)) (local.get $length))))

  (func $sum (param $four v128) (result f32)
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $four)) (f32x4.extract_lane 1 (local.get $four)))
      (f32.add (f32x4.extract_lane 2 (local.get $four)) (f32x4.extract_lane 3 (local.get $four))))))
